import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { opens } from './opened.js'

/** A port that passes all on to another one, and keeps what clients said. */
export interface Tap {
  readonly http: string
  /** All that clients sent so far, of each connection in turn. */
  said(): string
  /** How much clients were sent so far, headers too, in bytes. */
  answeredBytes(): number
  stop(): Promise<unknown>
}

/** Taps a port of loopback. */
export async function startTap(port: number): Promise<Tap> {
  const said: Buffer[][] = []
  let answeredBytes = 0
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const service = connect(port, '127.0.0.1')
    const heard: Buffer[] = []
    said.push(heard)
    client.on('data', (bytes) => void heard.push(bytes))
    service.on('data', ({ length }) => (answeredBytes += length))
    client.pipe(service).pipe(client)
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined) // its close follows
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: own } = server.address() as AddressInfo
  return {
    http: `http://127.0.0.1:${own}`,
    said: () => said.map((heard) => Buffer.concat(heard).toString('latin1')).join('\n'),
    answeredBytes: () => answeredBytes,
    stop: opens('tap', async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    }),
  }
}
