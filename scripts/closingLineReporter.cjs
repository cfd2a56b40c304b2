'use strict'
// Mocha's own spec reporter, and below it one line that a script can read: `N passed, N failed`.
const { reporters } = require('mocha')

module.exports = class ClosingLineReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once('end', () => {
      const { passes, failures } = this.stats
      console.log(`${passes} passed, ${failures} failed`)
    })
  }
}
