import type { Envelope } from '../feed/envelope.js'
import { textFrame } from '../feed/frame.js'
import { publicProjection } from './publicProjection.js'

/** A message as a share's viewers get it. */
export interface PublicMessage {
  readonly deviceId: string
  /** The finished WebSocket frame. */
  readonly frame: Buffer
}

/**
 * Makes what gives a message as a share's viewers get it: made once a message, however many watch, and gone with it.
 */
export function publicMessages(fields: ReadonlySet<string>): (envelope: Envelope) => PublicMessage {
  const messages = new WeakMap<Envelope, PublicMessage>()
  return (envelope) => {
    const made = messages.get(envelope)
    if (made !== undefined) return made
    // A frame's text is handed over as bytes, one a character.
    const data = Buffer.from(publicProjection(envelope.body, fields)).toString('latin1')
    const message = { deviceId: envelope.deviceId, frame: textFrame(`{"event":"message","data":${data}}`) }
    messages.set(envelope, message)
    return message
  }
}
