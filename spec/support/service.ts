import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, type Running } from './process.js'

export interface ServiceUnderTest extends Running {
  readonly port: number
  /** `http://127.0.0.1:PORT` */
  readonly http: string
  /** `ws://127.0.0.1:PORT` */
  readonly ws: string
  stats(): Promise<Stats>
  /** All of `/metrics`, by line: `name{labels}` to value. */
  metrics(): Promise<Map<string, number>>
}

export interface Stats {
  readonly total_messages_processed: number
  readonly active_subscribers: number
  readonly devices_being_monitored: number
}

export const main = fileURLToPath(new URL('../../lib/service/main.js', import.meta.url))

/**
 * The real service, as a process of its own, with nothing in its environment but what is given. `prelude` is a shell
 * command that its process runs first, such as `ulimit`.
 */
export async function startService(
  environment: Record<string, string>,
  nodeArgs: string[] = [],
  prelude = ':',
): Promise<ServiceUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'afluente-'))
  const running = run(
    '/bin/sh',
    ['-c', `${prelude} && exec "$0" "$@"`, process.execPath, ...nodeArgs, main],
    {
      cwd: directory,
      env: { PATH: process.env.PATH, PORT: '0', HOST: '127.0.0.1', ...environment },
    },
  )
  void running.exited.then(() => rmSync(directory, { recursive: true, force: true }))
  const [, port] = await running.printed(/Listening.* port=(\d+)|localhost:(\d+)\//)
  const [, demoPort] = /localhost:(\d+)\//.exec(running.output()) ?? []
  return serviceOn(running, Number(port ?? demoPort))
}

/** The doors of a service that runs already, on a port of loopback. */
export function serviceOn(running: Running, at: number): ServiceUnderTest {
  const http = `http://127.0.0.1:${at}`
  return {
    ...running,
    port: at,
    http,
    ws: `ws://127.0.0.1:${at}`,
    stats: async () => (await (await fetch(`${http}/api/v1/stream/stats`)).json()) as Stats,
    async metrics() {
      const text = await (await fetch(`${http}/metrics`)).text()
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      return new Map(
        lines.map((line) => [
          line.slice(0, line.lastIndexOf(' ')),
          Number(line.slice(line.lastIndexOf(' ') + 1)),
        ]),
      )
    },
  }
}

/** The real service with its feed up. */
export async function startServiceAt(
  broker: { readonly address: string },
  environment: Record<string, string> = {},
): Promise<ServiceUnderTest> {
  const service = await startService({ BROKER_HOST: broker.address, ...environment })
  await service.printed(/Bridge MQTT → WebSocket activo/)
  return service
}
