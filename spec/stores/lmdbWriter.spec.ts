import { expect } from 'chai'
import { fileURLToPath } from 'node:url'
import { scratchDirectory } from '../support/directories.js'
import { closeAll, opens } from '../support/opened.js'
import { run } from '../support/process.js'

const program = fileURLToPath(new URL('../support/exitWhileWriting.js', import.meta.url))

describe('lmdbWriter', () => {
  afterEach(closeAll)

  for (const part of [0, 0.5, 0.6, 0.7, 0.8, 0.9])
    it(`lets the process end ${part === 0 ? 'while the thread starts' : `after ${part} of a write`}`, async () => {
      const directory = scratchDirectory()
      opens('directory', directory.remove)
      const ending = run(process.execPath, [program, directory.path, String(part)])
      expect(await ending.exited, ending.output()).to.equal(7)
    })
})
