import { expect } from 'chai'
import { openClient } from './support/client.js'
import { startMosquitto } from './support/mosquitto.js'
import { closeAll } from './support/opened.js'
import { message, startPublisher } from './support/publisher.js'
import { startServiceAt } from './support/service.js'

describe('createGateway', () => {
  afterEach(closeAll)

  it('brings a published position to who watches the device, and to nobody else', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker)
    const publisher = await startPublisher(broker)
    const watcher = await openClient(`${service.ws}/api/v1/stream?device_ids=A`)
    const other = await openClient(`${service.ws}/api/v1/stream?device_ids=B`)
    await publisher.publish(message('A'))
    await publisher.publish(message('B'))
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A') })
    expect(await other.next()).to.deep.equal({ event: 'message', data: message('B') })
    expect(await service.stats()).to.include({ total_messages_processed: 2, active_subscribers: 2 })
  })
})
