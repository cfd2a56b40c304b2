import type { IncomingMessage } from 'node:http'
import { type AllowedOrigins, isAllowedOrigin } from './origins.js'
import type { Refusal } from './refuse.js'

/** A stream that a client may open. */
export interface UpgradeTarget {
  readonly path: string
  readonly query: URLSearchParams
}

export interface UpgradeRules {
  /** Paths that can be upgraded. */
  readonly paths: ReadonlySet<string>
  /** Whose pages may connect. */
  readonly allowedSocketOrigins: AllowedOrigins
  /** Of those paths, the ones to which pages of the request's own host may connect too. Default: none. */
  readonly ownHostPaths?: ReadonlySet<string>
}

/** More headers than a browser behind proxies ever sends. */
export const maxHeaders = 200

/** Judges a request for an upgrade by its line and headers alone. */
export function upgradeRequest(request: IncomingMessage, rules: UpgradeRules): UpgradeTarget | Refusal {
  const { headers, method, rawHeaders } = request
  const target = requestTarget(request.url ?? '')
  if (target === undefined) return { status: 400, detail: 'Malformed request target' }
  if (rawHeaders.length > 2 * maxHeaders)
    return { status: 431, detail: `Expected at most ${maxHeaders} headers` }
  if (!rules.paths.has(target.path)) return { status: 404, detail: 'Not Found' }
  if (method !== 'GET') return { status: 405, detail: 'Method Not Allowed', headers: { Allow: 'GET' } }
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    return { status: 426, detail: 'Expected Upgrade: websocket', headers: { Upgrade: 'websocket' } }
  }
  if (headers['sec-websocket-version'] !== '13') {
    return {
      status: 426,
      detail: 'Expected Sec-WebSocket-Version: 13',
      headers: { 'Sec-WebSocket-Version': '13' },
    }
  }
  const isOwnHost = rules.ownHostPaths?.has(target.path) === true && isOriginOf(headers)
  if (!isOwnHost && !isAllowedOrigin(rules.allowedSocketOrigins, headers.origin))
    return { status: 403, detail: 'Origin not allowed' }
  return target
}

/** Whether a request comes from a page of the host that it is sent to; the scheme is a proxy's to know. */
function isOriginOf({ origin, host }: IncomingMessage['headers']): boolean {
  return host !== undefined && (origin === `https://${host}` || origin === `http://${host}`)
}

/** Splits a request target (RFC 9112, 3.2) in origin or absolute form; undefined where it is neither. */
export function requestTarget(url: string): UpgradeTarget | undefined {
  const target = /^https?:\/\/[^/?]+(.*)$/i.exec(url)?.[1] ?? url
  const [path = '', ...rest] = target.split('?')
  if (!path.startsWith('/') || !isDecodable(path)) return undefined
  return { path, query: new URLSearchParams(rest.join('?')) }
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
