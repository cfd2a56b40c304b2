import { EventEmitter, once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { opens } from './opened.js'

/** What a broker answers to a CONNECT: in MQTT 3.1.1 (3.2.2.3). */
export const connackCodes = { accepted: 0, unavailable: 3, notAuthorized: 5 } as const

export interface ScriptedBroker {
  /** For `BROKER_HOST`. */
  readonly address: string
  /** How many CONNECTs it was sent. */
  connects(): number
  /** Sends a message to the client that was accepted; waits for it to subscribe. */
  send(payload: string): Promise<void>
  /** Sends it anything; waits likewise. Resolves when the system has taken it. */
  sendBytes(bytes: Uint8Array): Promise<void>
  close(): Promise<unknown>
}

/** Just enough of a broker to misbehave: it answers each CONNECT with the next of `codes`, the last one for ever. */
export async function startScriptedBroker(codes: readonly number[]): Promise<ScriptedBroker> {
  const news = new EventEmitter()
  const sockets = new Set<Socket>()
  let connects = 0
  let subscriber: Socket | undefined
  let noProperties: number[] = [] // in MQTT 5 their length, which is 0

  function answer(socket: Socket, packet: Buffer): void {
    const type = packet[0]! >> 4
    if (type === 1) {
      const code = codes[Math.min(connects++, codes.length - 1)] ?? 0
      noProperties = packet[8] === 5 ? [0] : []
      const connack = Buffer.of(0x20, 2 + noProperties.length, 0, code, ...noProperties)
      if (code === 0) socket.write(connack)
      else socket.end(connack)
    } else if (type === 8) {
      socket.write(Buffer.of(0x90, 3 + noProperties.length, packet[2]!, packet[3]!, ...noProperties, 0))
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

  async function sendBytes(bytes: Uint8Array): Promise<void> {
    while (subscriber === undefined) await once(news, 'news')
    const to = subscriber
    await new Promise<unknown>((resolve) => to.write(bytes, resolve))
  }

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connects: () => connects,
    async send(payload) {
      const topic = Buffer.from('tracking/data')
      const body = Buffer.concat([Buffer.of(0, topic.length), topic, Buffer.from(payload)])
      await sendBytes(Buffer.concat([Buffer.of(0x30, body.length), body]))
    },
    sendBytes,
    close,
  }
}
