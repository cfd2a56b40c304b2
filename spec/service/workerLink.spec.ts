import { expect } from 'chai'
import { EventEmitter } from 'node:events'
import { type News, workerLink } from '../../lib/service/workerLink.js'

/** Two ends of a channel: what the one sends, the other receives, as plain data and a moment later. */
function channel() {
  const ends = [new EventEmitter(), new EventEmitter()] as const
  return ends.map((end, at) =>
    Object.assign(end, {
      send(message: object) {
        setImmediate(() => ends[1 - at]?.emit('message', JSON.parse(JSON.stringify(message))))
        return true
      },
    }),
  )
}

const nobody = { onAsk: () => Promise.reject(new Error('nothing is known yet')), onNews: () => undefined }

describe('workerLink', () => {
  it('answers each end with what the other knows', async () => {
    const [one, other] = channel()
    const left = workerLink<string>(one!, { ...nobody, onAsk: () => Promise.resolve('left') })
    const right = workerLink<string>(other!, { ...nobody, onAsk: () => Promise.resolve('right') })
    expect(await Promise.all([left.ask(1000), left.ask(1000), right.ask(1000)])).to.deep.equal([
      'right',
      'right',
      'left',
    ])
  })

  it('tells news', async () => {
    const [one, other] = channel()
    const told = new Promise<News>((onNews) => workerLink(other!, { ...nobody, onNews }))
    workerLink(one!, nobody).tell({ type: 'up', port: 8000 })
    expect(await told).to.deep.equal({ type: 'up', port: 8000 })
  })

  it('goes without an answer that takes too long, or never comes', async () => {
    const [one, other] = channel()
    workerLink(other!, nobody)
    expect(await workerLink(one!, nobody).ask(1)).to.equal(undefined)
  })

  it('goes without an answer of who is gone', async () => {
    const link = workerLink(channel()[0]!, nobody)
    const asked = link.ask(60_000)
    link.close()
    expect(await asked).to.equal(undefined)
  })
})
