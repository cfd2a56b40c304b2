import type { Envelope } from '../feed/envelope.js'
import { publicFrame } from './publicFrame.js'

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
    const { deviceId, body } = envelope
    const message = { deviceId, frame: publicFrame('message', body, fields) }
    messages.set(envelope, message)
    return message
  }
}
