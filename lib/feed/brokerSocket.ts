import { connect, type Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { FeedMessage } from './decode.js'
import { packetLength, PublishReader } from './publishReader.js'

export interface BrokerSocketOptions {
  readonly host: string
  readonly port: number
  readonly protocolVersion: 4 | 5
  /** Whether the broker has accepted the client: until then all is the client's. */
  readonly isAccepted: () => boolean
  /** Told each message that passes the client by. */
  readonly onMessage: (message: FeedMessage) => void
}

const readAtOnce = 64 * 1024 // bytes, as Node reads otherwise
const nothing = Buffer.alloc(0)

/**
 * A TCP connection to a broker for an MQTT client, of which `pipe` is all that reads. Messages at QoS 0 pass the client
 * by: nobody answers them, and what a client does for each all the same was a tenth of what a message costs (scripts/bench,
 * S1). Any other packet is the client's, and so is all that comes until it is done with that: the order stays.
 */
export function brokerSocket(options: BrokerSocketOptions): Socket {
  const { host, port, protocolVersion, isAccepted, onMessage } = options
  const buffer = Buffer.allocUnsafeSlow(readAtOnce)
  const reader = new PublishReader(protocolVersion === 5)
  let client: Writable | undefined
  let held: Buffer = nothing // the beginning of a packet
  let owed = 0 // how many bytes are to come of a packet whose beginning the client has
  let unfinished = 0 // writes that the client is not done with

  const socket = connect({ host, port, onread: { buffer, callback: arrived } })
  socket.pipe = <T extends NodeJS.WritableStream>(to: T) => {
    client = to as unknown as Writable
    to.on('drain', () => socket.resume())
    return to
  }
  return socket

  /** @returns Whether to read on. */
  function arrived(length: number): boolean {
    // A copy, since what comes next is read into the same buffer.
    const bytes = Buffer.allocUnsafe(held.length + length)
    held.copy(bytes)
    buffer.copy(bytes, held.length, 0, length)
    held = nothing
    const isRoom = pass(bytes, owed === 0 && unfinished === 0 && isAccepted() ? take(bytes) : 0)
    if (length < readAtOnce || !isRoom) return isRoom
    setImmediate(() => socket.resume()) // more waits to be read, and everybody else has a turn first
    return false
  }

  /** Takes messages as long as there is nothing else. @returns Where it stopped. */
  function take(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length) {
      const end = at + packetLength(bytes, at)
      const message = end > at && end <= bytes.length ? reader.read(bytes, at, end) : undefined
      if (message === undefined) return at
      onMessage(message)
      at = end
    }
    return at
  }

  /** Gives the client all from `from` on; a packet of which only the beginning is there is held where it is the first. @returns Whether there is room for more. */
  function pass(bytes: Buffer, from: number): boolean {
    let end = from + owed
    while (end < bytes.length) {
      const length = packetLength(bytes, end)
      const isPartOfFirst = end === from && end + length > bytes.length
      if (length === 0 || (isPartOfFirst && length <= readAtOnce)) {
        held = bytes.subarray(end)
        break
      }
      end += length
    }
    const passed = bytes.subarray(from, bytes.length - held.length)
    owed = Math.max(0, end - bytes.length)
    if (passed.length === 0) return true
    unfinished++
    return client?.write(passed, () => unfinished--) ?? true
  }
}
