import { demoDeviceIds, startDemoFleet } from './demoFleet.js'
import { startEmbeddedBroker } from './embeddedBroker.js'

export interface Demo {
  readonly brokerUrl: string
  readonly deviceIds: readonly string[]
  end(): Promise<void>
}

/** A broker and a fleet to look at, where nothing is configured. */
export async function startDemo(): Promise<Demo> {
  const broker = await startEmbeddedBroker()
  const fleet = startDemoFleet(broker.url, 'tracking/data')
  return {
    brokerUrl: broker.url,
    deviceIds: demoDeviceIds,
    async end() {
      fleet.unsubscribe()
      await broker.close()
    },
  }
}
