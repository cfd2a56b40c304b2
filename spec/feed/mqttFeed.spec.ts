import { expect } from 'chai'
import { take } from 'rxjs'
import { mqttFeed } from '../../lib/feed/mqttFeed.js'
import { createCounters } from '../../lib/stats/counters.js'
import { silentLog } from '../../lib/stats/log.js'
import { startScriptedBroker } from '../support/scriptedBroker.js'

describe('mqttFeed', () => {
  it('gives everybody else a turn while much waits to be read', async () => {
    const count = 20_000
    const broker = await startScriptedBroker([0])
    const url = `mqtt://${broker.address}`
    const feed = mqttFeed({ url, topics: ['#'], counters: createCounters(), log: silentLog })
    let inTurn = 0
    let most = 0
    let isOver = false
    function turn(): void {
      most = Math.max(most, inTurn)
      inTurn = 0
      if (!isOver) setImmediate(turn)
    }
    const read = new Promise<number>((resolve, reject) => {
      let messages = 0
      feed.messages$.pipe(take(count)).subscribe({
        next: () => {
          messages++
          inTurn++
        },
        error: reject,
        complete: () => resolve(messages),
      })
    })
    await broker.send('first')
    turn()
    const payload = 'x'.repeat(100)
    for (let sent = 1; sent < count; sent++) void broker.send(payload)
    expect(await read).to.equal(count)
    isOver = true
    expect(most).to.be.within(1, 1024) // it reads 512 in one piece, and a turn may see the ends of two
    await broker.close()
  })
})
