import { type Mosquitto, startMosquitto } from './mosquitto.js'
import { type PahoPublisher, startPaho } from './python.js'
import { type ServiceUnderTest, startServiceAt } from './service.js'

/** A broker, the service behind it, and a publisher that nobody here wrote. */
export interface Rig {
  readonly broker: Mosquitto
  readonly service: ServiceUnderTest
  readonly paho: PahoPublisher
  /** The stream of some devices, as the contract writes it. */
  url(deviceIds: string): string
}

export async function startRig(environment: Record<string, string> = {}): Promise<Rig> {
  const broker = await startMosquitto()
  const [service, paho] = await Promise.all([startServiceAt(broker, environment), startPaho(broker)])
  return {
    broker,
    service,
    paho,
    url: (deviceIds) => `${service.ws}/api/v1/stream?device_ids=${encodeURIComponent(deviceIds)}`,
  }
}
