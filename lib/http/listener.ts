import type { RequestListener } from 'node:http'
import type { Observable } from 'rxjs'
import { createHardenedServer, listen, type ServerOptions } from './server.js'
import { type Connection, upgrades, type UpgradeOptions } from './upgrade.js'

export interface ListenerOptions extends ServerOptions, UpgradeOptions {}

/** A port with an app behind it, and with streams. */
export interface Listener {
  /** Whose upgrade succeeded. */
  readonly connections$: Observable<Connection>
  /** Listens on a port, 0 for any that is free. Resolves with it. */
  listen(port: number, host: string): Promise<number>
  /** Takes nobody in any more, and resolves when all connections are gone. */
  close(): Promise<void>
}

/** Makes a listener, which listens once it is told to. */
export function listener(app: RequestListener, options: ListenerOptions): Listener {
  const server = createHardenedServer(app, options)
  return {
    connections$: upgrades(server, options),
    listen: (port, host) => listen(server, port, host, options),
    async close() {
      // Whoever began a request and never ends it would hold the process.
      const cutOff = setTimeout(() => server.closeAllConnections(), options.closeTimeoutMs)
      await new Promise((resolve) => server.close(resolve))
      clearTimeout(cutOff)
    },
  }
}
