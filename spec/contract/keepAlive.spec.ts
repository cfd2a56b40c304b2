import { expect } from 'chai'
import { openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { closeAll } from '../support/opened.js'
import { message, startPublisher } from '../support/publisher.js'
import { openPythonClient } from '../support/python.js'
import { type Rig, startRig } from '../support/rig.js'

const ping = '{"event":"ping","data":{"type":"keep-alive"}}'
const isPing = ({ event }: { event: string }) => event === 'ping'

describe('keep-alive', () => {
  afterEach(closeAll)

  it('1.2 sends the keep-alive event once a period to an idle session', async () => {
    const rig = await startRig({ WEBSOCKET_KEEPALIVE_SECS: '1' })
    const startedAt = Date.now()
    const client = await openPythonClient(rig.url('A'))
    for (let period = 0; period < 3; period++) expect(await client.nextText()).to.equal(ping)
    // Three periods, less the slot by which the first may come early.
    expect(Date.now() - startedAt).to.be.at.least(2900)
  })

  it('1.2 sends a busy session its keep-alives too', async () => {
    const rig = await startRig({ WEBSOCKET_KEEPALIVE_SECS: '1' })
    const client = await openPythonClient(rig.url('busy'))
    const publisher = await startPublisher(rig.broker)
    // Never idle for longer than a message takes, and never behind: a backlog would make the pongs late.
    let pings = 0
    for (let n = 0; pings < 3; n++) {
      await publisher.publish(message('busy', { n }))
      for (let event = ''; event !== 'message';) {
        event = (await client.next()).event
        if (event === 'ping') pings++
      }
    }
  })

  it('1.2 sends a protocol ping each time', async () => {
    const { url } = await startRig({ WEBSOCKET_KEEPALIVE_SECS: '1' })
    const client = await openClient(url('A'))
    let pings = 0
    client.socket.on('ping', () => pings++)
    await eventually(
      () => pings,
      (count) => count >= 3,
    )
    expect(client.frames().every(isPing)).to.equal(true)
  })

  it('1.2 terminates a peer that is silent for two periods, and its subscriptions are gone', async () => {
    const { service, url } = await startRig({ WEBSOCKET_KEEPALIVE_SECS: '0.4' })
    const startedAt = Date.now()
    const client = await openClient(url('A,B'), { autoPong: false })
    expect(await service.stats()).to.include({ active_subscribers: 2, devices_being_monitored: 2 })
    expect(await client.closed).to.deep.equal({ code: 1006, reason: '' })
    expect(Date.now() - startedAt).to.be.at.least(600)
    expect(await service.stats()).to.include({ active_subscribers: 0, devices_being_monitored: 0 })
  })

  it('1.2 takes pongs for life', async () => {
    const { url } = await startRig({ WEBSOCKET_KEEPALIVE_SECS: '1' })
    const client = await openPythonClient(url('A'))
    for (let period = 0; period < 4; period++) await client.next(isPing)
  })

  it('1.2 takes any frame for life: text, and pings of its own', async () => {
    const { url } = await startRig({ WEBSOCKET_KEEPALIVE_SECS: '1' })
    const [texting, pinging] = await Promise.all([
      openClient(url('A'), { autoPong: false }),
      openClient(url('A'), { autoPong: false }),
    ])
    for (let period = 0; period < 4; period++) {
      await texting.next(isPing)
      texting.socket.send('pong')
      await pinging.next(isPing)
      pinging.socket.ping()
    }
  })
})

describe('WEBSOCKET_KEEPALIVE_SECS', () => {
  let rig: Rig
  before(async () => void (rig = await startRig()))
  after(closeAll)

  it('1.2 is 25 by default: nothing but messages comes before', async () => {
    const client = await openPythonClient(rig.url('A'))
    await rig.paho.publish(message('A'))
    expect(await client.nextText()).to.equal(`{"event":"message","data":${JSON.stringify(message('A'))}}`)
  })
})
