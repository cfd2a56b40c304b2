import { expect } from 'chai'
import { oneAtATime } from '../../lib/service/oneAtATime.js'

describe('oneAtATime', () => {
  function rig() {
    const begun: { end: (value: string) => void; fail: (error: Error) => void }[] = []
    const ask = oneAtATime(() => new Promise<string>((end, fail) => begun.push({ end, fail })))
    const settled = () => new Promise((resolve) => setImmediate(resolve))
    return { begun, ask, settled }
  }

  it('answers all who ask while it runs with the one run that begins after them', async () => {
    const { begun, ask, settled } = rig()
    const first = ask()
    await settled()
    const later = [ask(), ask()]
    await settled()
    expect(begun).to.have.length(1)
    begun[0]?.end('one')
    expect(await first).to.equal('one')
    await settled()
    expect(begun).to.have.length(2)
    begun[1]?.end('two')
    expect(await Promise.all(later)).to.deep.equal(['two', 'two'])
  })

  it('goes on after a run that failed', async () => {
    const { begun, ask, settled } = rig()
    const first = ask()
    await settled()
    const second = ask()
    begun[0]?.fail(new Error('no'))
    expect(await first.catch(String)).to.equal('Error: no')
    await settled()
    begun[1]?.end('two')
    expect(await second).to.equal('two')
  })
})
