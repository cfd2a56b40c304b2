import { randomBytes, randomUUID } from 'node:crypto'
import { formatInstant } from '../auth/instant.js'
import { keyRing } from '../auth/keyRing.js'

/** A share to look at, and the key that it was sealed with. */
export interface DemoShare {
  /** For `PASETO_SECRET_KEY`. It is made for this run: a link of an earlier one is invalid. */
  readonly key: string
  readonly token: string
}

const lastsMs = 86_400_000

/**
 * Makes a key, and a share token of a device as another service would seal it. The token has no `share_id`, and so needs
 * no store: whichever worker is asked opens it, and so does a demo that can't write its `DATA_DIR`.
 */
export async function demoShare(deviceId: string, now: number = Date.now()): Promise<DemoShare> {
  const key = randomBytes(32).toString('base64')
  const claims = {
    unit_id: randomUUID(),
    device_id: deviceId,
    scope: 'public-location-share',
    iat: formatInstant(now),
    exp: formatInstant(now + lastsMs),
  }
  const token = await keyRing({ secretKeys: key }).seal?.(claims)
  return { key, token: token ?? '' }
}
