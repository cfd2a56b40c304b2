import type { Body } from '../feed/envelope.js'
import { textFrame } from '../feed/frame.js'
import { publicProjection } from './publicProjection.js'

/** The finished WebSocket frame of a message or a snapshot, cut down to what a share's viewers may see. */
export function publicFrame(event: 'message' | 'snapshot', body: Body, fields: ReadonlySet<string>): Buffer {
  // A frame's text is handed over as bytes, one a character.
  const data = Buffer.from(publicProjection(body, fields)).toString('latin1')
  return textFrame(`{"event":"${event}","data":${data}}`)
}
