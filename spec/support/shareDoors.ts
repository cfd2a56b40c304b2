import type { Express } from 'express'
import { SignJWT } from 'jose'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { accessTokenVerifier } from '../../lib/auth/accessToken.js'
import { keyRing } from '../../lib/auth/keyRing.js'
import type { Envelope } from '../../lib/feed/envelope.js'
import { defaultShareFields } from '../../lib/shares/publicProjection.js'
import { type Shares, shares, type SharesOptions } from '../../lib/shares/shares.js'
import { openLmdb } from '../../lib/stores/lmdbEnvironment.js'
import { lmdbShareStore } from '../../lib/stores/lmdbShareStore.js'
import { memoryLastKnown } from '../../lib/stores/memoryLastKnown.js'
import { scratchDirectory } from './directories.js'
import { opens } from './opened.js'
import { pasetoFixture } from './vectors.js'

/** What came back. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body by JSON.parse; undefined where there is none. */
  readonly json: unknown
}

export interface Asking {
  readonly bearer?: string
  readonly headers?: Readonly<Record<string, string>>
  /** A text as it is, or anything else as JSON. */
  readonly body?: unknown
}

/** An app on a port of its own. */
export interface Doors {
  readonly port: number
  readonly ask: (method: string, path: string, asking?: Asking) => Promise<Reply>
  readonly close: () => Promise<unknown>
}

/** What is known about shares, with a store on disk. */
export interface OpenedShares {
  readonly shares: Shares
  /** Takes a device's message into account. */
  readonly note: (envelope: Envelope) => void
  readonly close: () => Promise<unknown>
}

export const issuerKey = 'the-key-of-the-issuer'
const jwtSecret = 'a secret of thirty-two bytes and more'

/** An access token that may write shares, with what a spec cares about changed. */
export function issuerToken(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + 3_600
  return new SignJWT({ sub: 'ana', scope: 'share:write', device_ids: ['A', 'B'], exp, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(jwtSecret))
}

/** Shares in lmdb, under the key with which pyseto sealed its fixtures. */
export async function openedShares(options: Partial<SharesOptions> = {}): Promise<OpenedShares> {
  const directory = scratchDirectory()
  const environment = await openLmdb(directory.path)
  const lastKnown = memoryLastKnown({ maxDevices: 100, maxAgeMs: 0 })
  return {
    shares: shares({
      ring: keyRing({ secretKeys: pasetoFixture('pyseto').key }),
      store: lmdbShareStore(environment),
      lastKnown,
      fields: new Set(defaultShareFields),
      maxTtlMs: 30 * 86_400_000,
      shareUrl: (token) => `https://map.example/share#${token}`,
      issuerKey,
      verifier: accessTokenVerifier({ secretKey: jwtSecret }),
      ...options,
    }),
    note: (envelope) => lastKnown.note(envelope),
    close: opens('shares', async () => {
      await environment.close()
      directory.remove()
    }),
  }
}

/** Serves an app on a free port of loopback. */
export async function openDoors(app: Express): Promise<Doors> {
  const server = createServer({ maxHeaderSize: 32 * 1024 }, app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    ask: (method, path, { bearer, headers = {}, body } = {}) =>
      new Promise((resolve, reject) => {
        const authorization = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }
        const asked = request(
          { port, method, path, headers: { ...authorization, ...headers } },
          (response) => {
            const { statusCode: status = 0, headers: answered } = response
            let text = ''
            response.setEncoding('utf8').on('data', (part: string) => (text += part))
            response.on('end', () => {
              const json: unknown = text === '' ? undefined : readIfJson(text)
              resolve({ status, headers: answered, text, json })
            })
          },
        )
        asked.on('error', reject)
        asked.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
      }),
    close: opens('doors', () => {
      server.close()
      server.closeAllConnections()
    }),
  }
}

function readIfJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
