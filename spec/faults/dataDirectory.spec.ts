import { expect } from 'chai'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openLmdb } from '../../lib/stores/lmdbEnvironment.js'
import { lmdbLastKnown } from '../../lib/stores/lmdbLastKnown.js'
import { openClient } from '../support/client.js'
import { scratchDirectory } from '../support/directories.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { closeAll, opens } from '../support/opened.js'
import { message, startPublisher } from '../support/publisher.js'
import { startServiceAt } from '../support/service.js'
import { spoiltDirectories } from '../support/spoiltDirectories.js'

describe('DATA_DIR', () => {
  let broker: Mosquitto
  let directory = ''
  beforeEach(async () => {
    broker = await startMosquitto()
    const scratch = scratchDirectory()
    opens('data directory', scratch.remove)
    directory = join(scratch.path, 'data')
  })
  afterEach(closeAll)

  for (const [how, spoil] of Object.entries(spoiltDirectories)) {
    it(`54 streams on where it ${how}, and says so in one clear line`, async () => {
      spoil(directory)
      const service = await startServiceAt(broker, { DATA_DIR: directory })
      const [line] = await service.printed(/^.* error Last known messages will not outlast .*$/m)
      expect(line).to.contain(directory)
      const client = await openClient(`${service.ws}/api/v1/stream?device_ids=A`)
      const publisher = await startPublisher(broker)
      await publisher.publish(message('A'))
      await client.messages(1)
      expect(await service.stop('SIGTERM')).to.equal(0)
      expect(service.output().match(/ error /g)).to.have.length(1)
    })
  }

  for (const workers of ['1', '2']) {
    it(`1.1 has on disk what each device last said when it ends, with WORKERS=${workers}`, async () => {
      mkdirSync(directory)
      const service = await startServiceAt(broker, { DATA_DIR: directory, WORKERS: workers })
      const client = await openClient(`${service.ws}/api/v1/stream?device_ids=A`)
      const publisher = await startPublisher(broker)
      for (const ODOMETER of [1, 2, 3]) await publisher.publish(message('A', { ODOMETER }))
      await client.messages(3)
      expect(await service.stop('SIGTERM')).to.equal(0)
      const environment = await openLmdb(directory)
      opens('environment', environment.close)
      const known = await lmdbLastKnown(environment, { maxDevices: 10, maxAgeMs: 0 })
      expect(known.get('A')?.payload.toString()).to.equal(JSON.stringify(message('A', { ODOMETER: 3 })))
      expect(service.output()).to.not.match(/ (error|warn) /)
    })
  }
})
