import { type DemoShare, demoShare } from './demoShare.js'
import { demoDeviceIds, startDemoFleet } from './demoFleet.js'
import { startEmbeddedBroker } from './embeddedBroker.js'

const usualBrokerPort = 1883

export interface Demo {
  readonly brokerUrl: string
  readonly deviceIds: readonly string[]
  /** Of the first device. */
  readonly share: DemoShare
  end(): Promise<void>
}

/** A broker and a fleet to look at, where nothing is configured. */
export async function startDemo(): Promise<Demo> {
  const broker = await startEmbeddedBroker(usualBrokerPort)
  const fleet = startDemoFleet(broker.url, 'tracking/data')
  return {
    brokerUrl: broker.url,
    deviceIds: demoDeviceIds,
    share: await demoShare(demoDeviceIds[0] ?? ''),
    async end() {
      fleet.unsubscribe()
      await broker.close()
    },
  }
}

/** Says on standard output what there is to look at. */
export function explainDemo({ brokerUrl, deviceIds, share }: Demo, port: number): void {
  const here = `localhost:${port}`
  const [first = '', second = ''] = deviceIds
  const brokerPort = Number(new URL(brokerUrl).port)
  const taken = `\n  Port ${usualBrokerPort} is taken: the broker is on ${brokerPort}, and what goes to ${usualBrokerPort} goes to somebody else.\n`
  process.stdout.write(`
  afluente runs, with nothing configured: an MQTT broker of its own and ${deviceIds.length} demo vehicles that report once a second.
${brokerPort === usualBrokerPort ? '' : taken}
  Watch in a browser  http://${here}/
  Share one vehicle   http://${here}/share#${share.token}
  WebSocket           ws://${here}/api/v1/stream?device_ids=${first},${second}
  Stats               http://${here}/api/v1/stream/stats
  Publish yourself    mosquitto_pub -h 127.0.0.1 -p ${brokerPort} -t tracking/data -m '{"data":{"DEVICE_ID":"${first}","LAT":20.5,"LON":-100.4}}'

  With BROKER_HOST=your.broker it is the production service, and starts neither. Ctrl-C ends it.

`)
}
