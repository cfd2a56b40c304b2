import { z } from 'zod'
import { defaultShareFields } from '../shares/publicProjection.js'
import { count, isRedisUrl, namesOf, seconds } from './settingForms.js'

const key = z.string().optional()

/** Who may connect. What the keys must be, credentials.ts says, since they depend on each other. */
export const accessSettings = {
  AUTH_MODE: z
    .enum(['none', 'jwt'], 'expected none or jwt')
    .default('none')
    .describe('Who may connect: `none`: everybody who reaches the port; `jwt`: who has an access token'),
  JWT_JWKS_URL: key.describe('Access tokens are verified by the keys at this URL'),
  JWT_PUBLIC_KEY: key.describe('Else by this public key: PEM (`\\n` may stand for a line end) or a JWK'),
  JWT_SECRET_KEY: key.describe(
    'Else by this secret, the text as it stands, of at least 32 bytes; a shorter one is never used',
  ),
  JWT_ALGORITHM: key.describe('Algorithms permitted, separated by commas; unset: what fits the key'),
  JWT_ISSUER: key.describe('`iss` of an access token must be this'),
  JWT_AUDIENCE: key.describe('`aud` of an access token must name this'),
}

/** What shares are made of and how they are shown. */
export const shareSettings = {
  PASETO_SECRET_KEY: key.describe(
    'Opens and seals share tokens: base64 of 32 bytes, or `k4.local.`; several, separated by commas: the first seals',
  ),
  PASETO_PUBLIC_KEY: key.describe('Instead: `k4.public.`, for v4.public share tokens sealed elsewhere'),
  SHARE_ISSUER_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, 'expected at least 16 characters, of ASCII and without spaces')
    .optional()
    .describe('The bearer key of who makes and revokes shares; at least 16 characters, without spaces'),
  SHARE_MAX_TTL_SECS: seconds.default(2_592_000).describe('The longest that a share lasts'),
  SHARE_FIELDS: z
    .string()
    .default(defaultShareFields.join(','))
    .transform(namesOf)
    .describe('Fields of `data` that viewers of a share see, separated by commas'),
  PUBLIC_PORT: count(0)
    .max(65_535)
    .optional()
    .describe('A second port, with nothing but what viewers of a share need; 0 for any that is free'),
  REDIS_URL: z
    .string()
    .refine(
      isRedisUrl,
      'expected a URL of redis: or rediss:, with nothing but the number of a database behind',
    )
    .optional()
    .describe('Keeps shares in this Redis, for several instances; unset: in `DATA_DIR`'),
  MAP_TILES_URL: z
    .string()
    .refine(
      isTilesUrl,
      'expected https://host/{z}/{x}/{y}.png or the like, with {s}. before the host for sub-domains',
    )
    .optional()
    .describe(
      "Where the page's map tiles come from, as `https://host/{z}/{x}/{y}.png`; unset: the page's own map",
    ),
  MAP_TILES_ATTRIBUTION: z.string().optional().describe('Whom the map thanks for its tiles, as plain text'),
}

// What the page can say in its Content-Security-Policy: one origin, or all sub-domains of one host.
function isTilesUrl(text: string): boolean {
  const isAddress = /^https?:\/\/(\{s\}\.)?[\w.-]+(:\d+)?\/\S*$/i.test(text)
  return isAddress && text.includes('{z}') && text.includes('{x}') && /\{-?y\}/.test(text)
}
