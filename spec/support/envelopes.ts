import { type Body, Envelope } from '../../lib/feed/envelope.js'

/** The envelope of a body, for where its way here doesn't matter. */
export function envelopeOf(body: Body, receivedAt = Date.now(), deviceId = 'A'): Envelope {
  return new Envelope(deviceId, Buffer.from(JSON.stringify(body)).toString('latin1'), receivedAt, body)
}
