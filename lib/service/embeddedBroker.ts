import { createServer, type Server } from 'node:net'
import { Aedes } from 'aedes'

export interface EmbeddedBroker {
  readonly url: string
  close(): Promise<void>
}

/** An MQTT broker in this process, on loopback, on `firstPort` or the next that is free. For the demo and quick trials. */
export async function startEmbeddedBroker(firstPort: number): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker()
  const server = createServer(broker.handle)
  const port = await listenFrom(server, firstPort)
  return {
    url: `mqtt://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => broker.close(() => server.close(() => resolve()))),
  }
}

async function listenFrom(server: Server, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        server.removeListener('error', reject)
        resolve()
      })
    })
    return port
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    return listenFrom(server, port + 1)
  }
}
