import type { Socket } from 'node:net'
import { expect } from 'chai'
import { openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { closeAll } from '../support/opened.js'
import { message } from '../support/publisher.js'
import { openPythonClient } from '../support/python.js'
import { startRig } from '../support/rig.js'
import type { Stats } from '../support/service.js'

const nobody = { active_subscribers: 0, devices_being_monitored: 0 }
const isNobody = (stats: Stats) => stats.active_subscribers === 0 && stats.devices_being_monitored === 0

describe('GET /api/v1/stream/stats', () => {
  afterEach(closeAll)

  it('1.3 answers JSON with exactly these names first', async () => {
    const { service } = await startRig()
    const response = await fetch(`${service.http}/api/v1/stream/stats`)
    expect(response.status).to.equal(200)
    expect(response.headers.get('content-type')).to.match(/^application\/json/)
    const body = await response.text()
    expect(body).to.match(
      /^\{"total_messages_processed":0,"active_subscribers":0,"devices_being_monitored":0[,}]/,
    )
  })

  it('1.3 counts the device messages taken from the feed, watched or not, and nothing else', async () => {
    const { service, paho, url } = await startRig()
    const watcher = await openClient(url('A'))
    for (const payload of [message('B'), '', '{}', message('A'), message('C'), 'x', message('A')]) {
      await paho.publish(payload)
    }
    await watcher.messages(2)
    expect((await service.stats()).total_messages_processed).to.equal(4)
  })

  it('1.3 counts as active_subscribers the devices of each session, as devices_being_monitored each device once', async () => {
    const { service, url } = await startRig()
    await openClient(url('A,B'))
    await openClient(url('B,C,C'))
    const last = await openClient(url('B'))
    expect(await service.stats()).to.include({ active_subscribers: 5, devices_being_monitored: 3 })
    await last.close()
    const stats = await eventually(
      () => service.stats(),
      ({ active_subscribers }) => active_subscribers < 5,
    )
    expect(stats).to.include({ active_subscribers: 4, devices_being_monitored: 3 })
  })

  it('1.3 does not count who asked for nothing', async () => {
    const { service } = await startRig()
    const client = await openClient(`${service.ws}/api/v1/stream`)
    expect(await service.stats()).to.include(nobody)
    await client.closed
    expect(await service.stats()).to.include(nobody)
  })

  it('1.3 returns to 0 when all have left, whichever way they left', async () => {
    const { service, paho, url } = await startRig({
      WEBSOCKET_KEEPALIVE_SECS: '1',
      CLOSE_TIMEOUT_SECS: '0.2',
    })
    const closing = await openPythonClient(url('A,B'))
    const killed = await openPythonClient(url('A,B'))
    const clients = await Promise.all(Array.from({ length: 5 }, () => openClient(url('A,B'))))
    const silent = await openClient(url('A,B'), { autoPong: false })
    expect(await service.stats()).to.include({ active_subscribers: 16, devices_being_monitored: 2 })
    const [terminated, reset, halfOpen, rude, talkative] = clients
    await paho.publish(message('A'))
    await closing.close()
    await killed.kill()
    terminated!.socket.terminate()
    const streamOf = (client: typeof reset) => (client!.socket as unknown as { _socket: Socket })._socket
    streamOf(reset).resetAndDestroy()
    streamOf(halfOpen).end()
    streamOf(rude).write(Buffer.of(0xff, 0xff, 0xff))
    talkative!.socket.send('x'.repeat(20_000))
    expect((await talkative!.closed).code).to.equal(1009)
    expect((await rude!.closed).code).to.equal(1002)
    await silent.closed
    const stats = await eventually(() => service.stats(), isNobody)
    expect(stats).to.include(nobody)
  })

  it('1.3 returns to exactly 0 after many abrupt disconnects amid messages', async () => {
    const { service, paho, url } = await startRig()
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 20 }, (_, n) => openClient(url(`A,B,own ${n}`))))
      const publishing = paho.publish(message('A'))
      for (const client of clients) client.socket.terminate()
      await publishing
    }
    expect(await eventually(() => service.stats(), isNobody)).to.include({
      ...nobody,
      total_messages_processed: 10,
    })
  })
})
