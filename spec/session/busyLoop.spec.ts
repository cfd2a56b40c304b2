import { expect } from 'chai'
import { busyLoop } from '../../lib/session/busyLoop.js'

/** A loop whose time passes when it is told to. */
function loop() {
  let [active, idle] = [0, 0]
  const isBusy = busyLoop(
    () => ({ active, idle }),
    () => active + idle,
  )
  return (worked: number, waited: number) => {
    active += worked
    idle += waited
    return isBusy()
  }
}

describe('busyLoop', () => {
  it('is busy from 85 % of the time on, and until it is 75 %', () => {
    const isBusyAfter = loop()
    expect(isBusyAfter(84, 16)).to.equal(false)
    expect(isBusyAfter(86, 14)).to.equal(true)
    expect(isBusyAfter(76, 24)).to.equal(true)
    expect(isBusyAfter(74, 26)).to.equal(false)
    expect(isBusyAfter(76, 24)).to.equal(false)
  })

  it('looks after a tenth of a second, and then at all that has passed', () => {
    const isBusyAfter = loop()
    expect(isBusyAfter(99, 0)).to.equal(false)
    expect(isBusyAfter(1, 0)).to.equal(true)
    expect(isBusyAfter(0, 99)).to.equal(true)
    expect(isBusyAfter(500, 2000)).to.equal(false)
  })

  it('looks at the loop of its own thread unless told otherwise', () => {
    const isBusy = busyLoop()
    const end = performance.now() + 150
    while (performance.now() < end);
    expect(isBusy()).to.equal(true)
  })
})
