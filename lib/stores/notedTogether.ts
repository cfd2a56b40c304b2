import type { Envelope } from '../feed/envelope.js'

/** What is to be noted of an envelope, which lets go of its body as soon as it is routed. */
export type Notable = Pick<Envelope, 'deviceId' | 'bytes' | 'receivedAt' | 'body'>

/** Messages that are put by, and noted some together. */
export interface NotedTogether {
  readonly add: (envelope: Envelope) => void
  /** Notes all that were put by: for before anybody looks, or writes. */
  readonly settle: () => void
}

// Once a message, between two system calls, this code and what it looks at are in none of the processor's caches; in a
// loop they are, from the second on (scripts/bench, S1).
const together = 64
const togetherBytes = 65_536

/** @param note Told each message, in the order of their arrival. */
export function notedTogether(note: (message: Notable) => void): NotedTogether {
  let putBy: Notable[] = []
  let bytesPutBy = 0

  function settle(): void {
    const messages = putBy
    putBy = []
    bytesPutBy = 0
    for (const message of messages) note(message)
  }

  return {
    add({ deviceId, bytes, receivedAt, body }) {
      putBy.push({ deviceId, bytes, receivedAt, body })
      bytesPutBy += bytes.length
      if (putBy.length === together || bytesPutBy >= togetherBytes) settle()
    },
    settle,
  }
}
