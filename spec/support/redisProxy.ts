import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a Redis that can be cut at a word. */
export interface RedisProxy {
  readonly url: string
  /** Cuts the connections on which one of the next `times` commands with this word comes, before Redis hears it. */
  readonly cutAt: (word: string, times: number) => void
  readonly close: () => Promise<void>
}

/** Passes on what is said to the Redis at `url`, and its answers. */
export async function redisProxy(url: string): Promise<RedisProxy> {
  const sockets = new Set<Socket>()
  let cut = { word: '', times: 0 }

  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    far.on('data', (answer) => near.write(answer))
    near.on('data', (commands) => {
      if (cut.times === 0 || !commands.toString('latin1').toUpperCase().includes(cut.word)) {
        far.write(commands)
        return
      }
      cut.times -= 1
      near.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `redis://127.0.0.1:${port}`,
    cutAt: (word, times) => {
      cut = { word, times }
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
