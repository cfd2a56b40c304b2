import type { Envelope } from '../feed/envelope.js'
import { textFrame } from '../feed/frame.js'
import { publicProjection } from './publicProjection.js'

/**
 * Makes what gives the finished WebSocket frame that a share's viewers get of a message: made once a message, however
 * many watch, and gone with it.
 */
export function publicFrames(fields: ReadonlySet<string>): (envelope: Envelope) => Buffer {
  const frames = new WeakMap<Envelope, Buffer>()
  return (envelope) => {
    const made = frames.get(envelope)
    if (made !== undefined) return made
    // A frame's text is handed over as bytes, one a character.
    const data = Buffer.from(publicProjection(envelope.body, fields)).toString('latin1')
    const frame = textFrame(`{"event":"message","data":${data}}`)
    frames.set(envelope, frame)
    return frame
  }
}
