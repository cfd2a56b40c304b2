import { openClient } from './client.js'
import { scratchDirectory } from './directories.js'
import { eventually } from './eventually.js'
import { type Mosquitto, startMosquitto } from './mosquitto.js'
import { opens } from './opened.js'
import { message, type Publisher, startPublisher } from './publisher.js'
import { sealText } from './sealText.js'
import { type ServiceUnderTest, startServiceAt } from './service.js'

/** What the issuers of these specs hold. */
export const secretKey = Buffer.alloc(32, 7)
export const issuerKey = 'an-issuer-key-that-nobody-guesses'

/** A share as its issuer was told of it. */
export interface Made {
  readonly share_id: string
  readonly token: string
  readonly share_url: string
  readonly expires_at: string
}

/** A broker, a publisher, and the service behind it with the keys of shares. */
export interface ShareRig {
  readonly broker: Mosquitto
  readonly publisher: Publisher
  /** What is kept between restarts. */
  readonly dataDirectory: string
  readonly service: () => ServiceUnderTest
  /** Starts it anew on the same data; on the same port where the rig's environment has a `PORT`, else on another. */
  restart(signal?: NodeJS.Signals, environment?: Record<string, string>): Promise<void>
  /** Asks as the issuer. */
  ask(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }>
  make(body: object): Promise<Made>
  /** What `/init` says of a token. */
  init(token: string): Promise<{ status: number; body: Record<string, unknown> }>
  /** Opens the public stream. */
  open(token: string, query?: string): ReturnType<typeof openClient>
  /** Publishes a position of a device, and resolves when the broker has it. */
  report(deviceId: string, position?: Record<string, unknown>): Promise<unknown>
  /** Resolves when so many devices are watched, over all sessions. */
  watching(count: number): Promise<unknown>
}

export async function startShareRig(environment: Record<string, string> = {}): Promise<ShareRig> {
  const data = scratchDirectory()
  opens(data.path, data.remove)
  const broker = await startMosquitto()
  const start = (more: Record<string, string> = {}) =>
    startServiceAt(broker, {
      PASETO_SECRET_KEY: secretKey.toString('base64'),
      SHARE_ISSUER_KEY: issuerKey,
      DATA_DIR: data.path,
      ...environment,
      ...more,
    })
  let service = await start()
  const publisher = await startPublisher(broker)

  async function ask(method: string, path: string, body?: object) {
    const response = await fetch(`${service.http}${path}`, {
      method,
      headers: { Authorization: `Bearer ${issuerKey}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
  }

  return {
    broker,
    publisher,
    dataDirectory: data.path,
    service: () => service,
    async restart(signal, more) {
      await service.stop(signal)
      service = await start(more)
    },
    ask,
    async make(body) {
      const { status, body: made } = await ask('POST', '/api/v1/public/share-location/init', body)
      if (status !== 201) throw new Error(`expected 201, got ${status}: ${JSON.stringify(made)}`)
      return made as Made
    },
    async init(token) {
      const url = `${service.http}/api/v1/public/share-location/init?token=${encodeURIComponent(token)}`
      const response = await fetch(url)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    open: (token, query = '') =>
      openClient(
        `${service.ws}/api/v1/public/share-location/stream?token=${encodeURIComponent(token)}${query}`,
      ),
    report: (deviceId, position = {}) => publisher.publish(message(deviceId, position)),
    watching: (count) => eventually(service.stats, (stats) => stats.active_subscribers === count),
  }
}

/** A token as the other issuer seals it, with what a spec cares about changed. */
export function foreignToken(changes: Record<string, unknown> = {}): string {
  const claims = {
    share_id: '6b1f7b3e-6f0e-4f5a-9a52-0d1c9a2f4d10',
    unit_id: '0e2d6c1a-7a44-4f1c-8f0e-3b9f2f6f7a21',
    device_id: 'A',
    scope: 'public-location-share',
    iat: new Date(Date.now() - 60_000).toISOString(),
    exp: isoIn(600),
    ...changes,
  }
  return sealText(secretKey, JSON.stringify(claims))
}

/** An instant so many seconds from now, as Python's `isoformat()` writes it. */
export function isoIn(secs: number): string {
  return new Date(Date.now() + 1000 * secs).toISOString().replace('Z', '000+00:00')
}
