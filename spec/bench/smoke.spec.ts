import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratchDirectory } from '../support/directories.js'
import { root } from '../support/example.js'
import { closeAll, opens } from '../support/opened.js'
import { run } from '../support/process.js'

interface Results {
  readonly scenarios: readonly {
    readonly name: string
    readonly contestants: readonly { readonly name: string; readonly figures: Record<string, number> }[]
    readonly ratios: readonly { readonly peer: string }[]
  }[]
}

describe('the benchmark', () => {
  after(closeAll)

  it('runs every scenario, small, and gives figures of each contestant', async function () {
    this.timeout(240_000)
    const { path, remove } = scratchDirectory()
    opens(path, remove)
    const file = join(path, 'results.json')
    const bench = join(root, 'scripts/bench/bench.mjs')
    const contestants = ['floor', 'afluente', 'mosquitto']
    const running = run(process.execPath, [
      bench,
      '--smoke',
      ...['--contestants', contestants.join(',')],
      ...['--json', file],
    ])
    expect(await running.exited, running.output()).to.equal(0)
    const { scenarios } = JSON.parse(readFileSync(file, 'utf8')) as Results
    expect(scenarios.map(({ name }) => name)).to.deep.equal('S1 S2 S3 S4 S5 S6 S7 S8'.split(' '))
    for (const { name, contestants: measured, ratios } of scenarios) {
      expect(measured.map((contestant) => contestant.name)).to.deep.equal(contestants)
      for (const { figures } of measured) {
        const figure = name === 'S5' || name === 'S6' ? figures.sessions : figures.deliveriesPerSecond
        expect(figure, `${name} ${JSON.stringify(figures)}`).to.be.above(0)
        if (name === 'S6') expect(figures.againSeconds).to.be.above(0)
      }
      expect(ratios.map(({ peer }) => peer)).to.deep.equal(['floor', 'mosquitto'])
    }
  })
})
