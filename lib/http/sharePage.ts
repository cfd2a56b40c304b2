import express, { type Response, type Router } from 'express'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface SharePageOptions {
  /**
   * Where the map's tiles come from, such as `https://tiles.example.org/{z}/{x}/{y}.png`. Undefined: the page draws the
   * map that it brings along, and asks nobody but this server for anything.
   */
  readonly tilesUrl?: string | undefined
  /** Whom the map thanks for its tiles, as plain text. */
  readonly tilesAttribution?: string | undefined
  /** How often the stream sends a keep-alive, in milliseconds: the page gives a silent connection up by it. */
  readonly keepAliveMs?: number
  /** Where the build put the pages. */
  readonly directory?: string
}

interface Asset {
  readonly type: string
  readonly identity: Buffer
  readonly gzip: Buffer
  readonly br: Buffer
}

const built = fileURLToPath(new URL('../web/', import.meta.url))
const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
}

/**
 * The page that a stranger opens from a share link: `GET /share`, whose token stays in the fragment, and what belongs to
 * it below `/share/assets/`. `GET /share/<token>`, the shape of older links, leads there.
 *
 * @throws TypeError where `tilesUrl` is no URL of tiles.
 */
export function sharePage(options: SharePageOptions = {}): Router {
  const { tilesUrl, tilesAttribution = '', keepAliveMs = 25_000, directory = built } = options
  const tilesOrigin = tilesUrl === undefined ? undefined : originOfTiles(tilesUrl)
  const assets = readAssets(`${directory}/assets`)
  const html = filledIn(readFileSync(`${directory}/share.html`, 'utf8'), {
    tilesUrl: tilesUrl ?? '',
    tilesAttribution,
    keepAliveMs: String(keepAliveMs),
  })
  const router = express.Router()

  router.get('/share', (request, response) => {
    harden(response, contentSecurityPolicy(request.headers.host, tilesOrigin))
    // Asked anew each time, so that a new version's assets are found; they themselves never change.
    response.set('Cache-Control', 'no-cache').type('html').send(html)
  })
  router.get('/share/assets/:name', (request, response, next) => {
    const asset = assets.get(request.params.name)
    if (asset === undefined) {
      next()
      return
    }
    const encoding = (['br', 'gzip'] as const).find((each) => request.acceptsEncodings(each) !== false)
    harden(response, "default-src 'none'")
    response.set('Cache-Control', 'public, max-age=31536000, immutable').set('Vary', 'Accept-Encoding')
    response.set('Content-Type', asset.type)
    if (encoding !== undefined) response.set('Content-Encoding', encoding)
    response.end(asset[encoding ?? 'identity'])
  })
  router.get('/share/:token', (request, response) => {
    harden(response, "default-src 'none'")
    const location = `${request.baseUrl}/share#${encodeURIComponent(request.params.token)}`
    response.status(302).set('Cache-Control', 'no-store').set('Location', location).end()
  })
  router.all(['/share', '/share/:token', '/share/assets/:name'], (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') next()
    else response.status(405).set('Allow', 'GET, HEAD').json({ detail: 'Method Not Allowed' })
  })
  return router
}

/** The origin that serves the tiles, as a Content-Security-Policy names it; `{s}` is Leaflet's place for a sub-domain. */
function originOfTiles(tilesUrl: string): string {
  const address = /^(https?):\/\/([\w.{}-]+(?::\d+)?)\/\S*\{z\}/i.exec(tilesUrl)
  if (address === null || !/^(\{s\}\.)?[\w.-]+(:\d+)?$/.test(address[2] ?? '')) {
    throw new TypeError(
      `Expected tilesUrl to look like https://tiles.example.org/{z}/{x}/{y}.png, got '${tilesUrl}'`,
    )
  }
  const [, scheme = '', host = ''] = address
  return `${scheme.toLowerCase()}://${host.replace('{s}', '*')}`
}

function contentSecurityPolicy(host: string | undefined, tilesOrigin: string | undefined): string {
  // Some browsers don't count ws: and wss: of the same host as 'self'. A host that isn't one is not repeated.
  const sockets = host !== undefined && /^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(host)
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data:${tilesOrigin === undefined ? '' : ` ${tilesOrigin}`}`,
    `connect-src 'self'${sockets ? ` ws://${host} wss://${host}` : ''}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function harden(response: Response, policy: string): void {
  response.set({
    'Content-Security-Policy': policy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'X-Robots-Tag': 'noindex, nofollow',
  })
}

/** They are few and small, and what isn't in the map can't be asked for. */
function readAssets(directory: string): ReadonlyMap<string, Asset> {
  const names = readdirSync(directory).filter((name) => extname(name) in types)
  return new Map(
    names.map((name) => [
      name,
      {
        type: types[extname(name)] ?? '',
        identity: readFileSync(`${directory}/${name}`),
        gzip: readFileSync(`${directory}/${name}.gz`),
        br: readFileSync(`${directory}/${name}.br`),
      },
    ]),
  )
}

function filledIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_all, name: string) => escaped(values[name] ?? ''))
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
