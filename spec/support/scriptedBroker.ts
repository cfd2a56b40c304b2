import { EventEmitter, once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { opens } from './opened.js'

/** What an MQTT 3.1.1 broker answers to a CONNECT (3.2.2.3). */
export const connackCodes = { accepted: 0, unavailable: 3, notAuthorized: 5 } as const

export interface ScriptedBroker {
  /** For `BROKER_HOST`. */
  readonly address: string
  /** How many CONNECTs it was sent. */
  connects(): number
  /** Sends a message to the client that was accepted; waits for it to subscribe. */
  send(payload: string): Promise<void>
  close(): Promise<unknown>
}

/** Just enough of a broker to misbehave: it answers each CONNECT with the next of `codes`, the last one for ever. */
export async function startScriptedBroker(codes: readonly number[]): Promise<ScriptedBroker> {
  const news = new EventEmitter()
  const sockets = new Set<Socket>()
  let connects = 0
  let subscriber: Socket | undefined

  function answer(socket: Socket, packet: Buffer): void {
    const type = packet[0]! >> 4
    if (type === 1) {
      const code = codes[Math.min(connects++, codes.length - 1)] ?? 0
      const connack = Buffer.of(0x20, 2, 0, code)
      if (code === 0) socket.write(connack)
      else socket.end(connack)
    } else if (type === 8) {
      socket.write(Buffer.of(0x90, 3, packet[2]!, packet[3]!, 0))
      subscriber = socket
      news.emit('news')
    } else if (type === 12) {
      socket.write(Buffer.of(0xd0, 0))
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    let rest = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      // What the service sends is shorter than 128 bytes, so that its length is the one byte after the first.
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 2 && rest.length >= 2 + rest[1]!) {
        answer(socket, rest.subarray(0, 2 + rest[1]!))
        rest = rest.subarray(2 + rest[1]!)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = opens('scripted broker', async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connects: () => connects,
    async send(payload) {
      while (subscriber === undefined) await once(news, 'news')
      const topic = Buffer.from('tracking/data')
      const body = Buffer.concat([Buffer.of(0, topic.length), topic, Buffer.from(payload)])
      subscriber.write(Buffer.concat([Buffer.of(0x30, body.length), body]))
    },
    close,
  }
}
