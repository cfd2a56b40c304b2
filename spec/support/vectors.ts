import { readFileSync } from 'node:fs'

/** An official PASETO test vector, of either purpose. */
export interface PasetoVector {
  readonly name: string
  readonly 'expect-fail': boolean
  readonly key?: string
  readonly nonce?: string
  readonly 'public-key'?: string
  readonly token: string
  readonly payload: string | null
  readonly footer: string
  readonly 'implicit-assertion': string
}

/** An official PASERK test vector. */
export interface PaserkVector {
  readonly name: string
  readonly 'expect-fail': boolean
  readonly key: string | null
  readonly paserk: string | null
}

/** Tokens that pyseto sealed in the issuer's shape. */
export interface PysetoTokens {
  readonly key: string
  readonly tokens: Readonly<
    Record<
      'issuer' | 'wholeSeconds' | 'farAway' | 'localOffset' | 'otherScope',
      { claims: Record<string, string>; token: string }
    >
  >
}

/** Reads one of spec/fixtures/paseto. Specs run in dist, and the fixtures stay where they are written. */
export function pasetoFixture(name: 'v4'): { tests: PasetoVector[] }
export function pasetoFixture(name: 'k4.local' | 'k4.public'): { tests: PaserkVector[] }
export function pasetoFixture(name: 'pyseto'): PysetoTokens
export function pasetoFixture(name: string): unknown {
  const file = new URL(`../../../spec/fixtures/paseto/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as unknown
}
