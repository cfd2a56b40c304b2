import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, type Running } from './process.js'

export interface Mosquitto {
  readonly port: number
  /** For `BROKER_HOST`. */
  readonly address: string
  readonly process: () => Running
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it anew on the same port. */
  start(): Promise<void>
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** A real Mosquitto on loopback. `config` adds lines to its configuration. */
export async function startMosquitto(config = '', port?: number): Promise<Mosquitto> {
  const at = port ?? (await freePort())
  let running: Running

  async function start(): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'mosquitto-'))
    const file = join(directory, 'mosquitto.conf')
    writeFileSync(file, `listener ${at} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n${config}\n`)
    running = run('/usr/sbin/mosquitto', ['-c', file, '-v'])
    await running.printed(/mosquitto version .* running/)
    rmSync(directory, { recursive: true })
  }

  await start()
  return {
    port: at,
    address: `127.0.0.1:${at}`,
    process: () => running,
    async stop(signal) {
      await running.stop(signal)
    },
    start,
  }
}
