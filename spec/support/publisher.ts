import { connectAsync, type MqttClient } from 'mqtt'
import { opens } from './opened.js'

export interface Publisher {
  readonly client: MqttClient
  /** Publishes a payload as it is, or an object as JSON; resolves when it is written. */
  publish(payload: string | Buffer | object, topic?: string): Promise<unknown>
  close(): Promise<unknown>
}

/** A publisher of mqtt.js, for where it doesn't matter who publishes. */
export async function startPublisher(broker: { readonly address: string }): Promise<Publisher> {
  const client = await connectAsync(`mqtt://${broker.address}`)
  const close = opens('publisher', () => client.endAsync(true))
  return {
    client,
    publish: (payload, topic = 'tracking/data') =>
      client.publishAsync(
        topic,
        typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
      ),
    close,
  }
}

/** A device message of the short shape. */
export function message(deviceId: string, more: Record<string, unknown> = {}): object {
  return { data: { DEVICE_ID: deviceId, LAT: -33.4567, LON: -70.6789, ...more } }
}
