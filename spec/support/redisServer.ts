import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { scratchDirectory } from './directories.js'

/** A real Redis on a port of its own. */
export interface RedisServer {
  readonly url: string
  /** Stops it answering, as a frozen machine does, and lets it go on. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** Ends it; `start` brings it back on the same port, with an empty memory. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts a Redis that keeps nothing on disk. */
export async function redisServer(...more: string[]): Promise<RedisServer> {
  const port = await freePort()
  const directory = scratchDirectory()
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const options = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      directory.path,
      ...more,
    ]
    const started = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] })
    child = started
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject)
      started.stdout.on('data', (text: Buffer) => {
        if (text.includes('Ready to accept connections')) resolve()
      })
    })
  }

  async function stop(): Promise<void> {
    if (child?.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    start,
    stop,
    close: async () => {
      await stop()
      directory.remove()
    },
  }
}

// Redis takes no port 0.
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
