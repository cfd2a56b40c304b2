import { AfluenteError } from '../errors.js'
import { type Authenticated, type LocalKey, localKey, openLocal, sealLocal } from './pasetoLocal.js'
import { openPublic, publicKey } from './pasetoPublic.js'

/** Longer tokens are refused before anything is computed over them, in characters. */
export const maxTokenLength = 2048

/** The keys of share tokens, for one purpose: a token never chooses how it is checked. */
export interface KeyRing {
  /** What the token says where one of the keys made it, and undefined for every other text. */
  open: (token: string) => Promise<Authenticated | undefined>
  /** Seals claims with the first key; undefined where only public keys are here. A given nonce gives the same token again. */
  seal: ((claims: object, nonce?: Uint8Array) => Promise<string>) | undefined
}

/** The keys as an operator writes them; several are separated by commas. */
export interface KeyRingOptions {
  /** `PASETO_SECRET_KEY`: base64 of exactly 32 bytes, or `k4.local.`; the first seals, all open. */
  secretKeys?: string | undefined
  /** `k4.public.`: accept v4.public tokens instead, whose secret key is elsewhere. */
  publicKeys?: string | undefined
}

/** A ring without keys: every token is invalid, and none can be made. */
export const emptyKeyRing: KeyRing = { open: () => Promise.resolve(undefined), seal: undefined }

/**
 * Makes the ring of keys for share tokens. To rotate: put the new key first and leave the old one behind it for as
 * long as its links live.
 *
 * @throws AfluenteError `ERR_CONFIG` when a key has another length or form, or keys of both purposes are given; the
 *   message names the variable and the key's place in it, never the key.
 */
export function keyRing({ secretKeys, publicKeys }: KeyRingOptions): KeyRing {
  const secrets = keysIn('PASETO_SECRET_KEY', secretKeys, readSecret).map(localKey)
  const publics = keysIn('PASETO_PUBLIC_KEY', publicKeys, readPublic).map(publicKey)
  const [first] = secrets
  if (first !== undefined && publics.length > 0) {
    const message =
      'PASETO_SECRET_KEY and PASETO_PUBLIC_KEY: share tokens have one purpose, so set one of them'
    throw new AfluenteError('ERR_CONFIG', message)
  }
  if (first !== undefined) return localRing(first, secrets)
  if (publics.length === 0) return emptyKeyRing
  return { open: (token) => openWithAny(publics, (key) => openPublic(key, token), token), seal: undefined }
}

function localRing(first: LocalKey, keys: readonly LocalKey[]): KeyRing {
  return {
    open: (token) => openWithAny(keys, (key) => openLocal(key, token), token),
    seal: (claims, nonce) => sealLocal(first, claims, nonce === undefined ? {} : { nonce }),
  }
}

async function openWithAny<K>(
  keys: readonly K[],
  openWith: (key: K) => Promise<Authenticated | undefined>,
  token: string,
): Promise<Authenticated | undefined> {
  if (token.length > maxTokenLength) return undefined
  for (const key of keys) {
    const opened = await openWith(key)
    if (opened !== undefined) return opened
  }
  return undefined
}

function keysIn(name: string, text: string | undefined, read: (key: string) => Buffer | string): Buffer[] {
  const keys = (text ?? '').split(',').map((key) => key.trim())
  if (keys.every((key) => key === '')) return []
  return keys.map((key, index) => {
    const bytes = key === '' ? 'is empty' : read(key)
    if (typeof bytes !== 'string') return bytes
    const place = keys.length === 1 ? name : `${name}, key ${index + 1}`
    throw new AfluenteError('ERR_CONFIG', `${place} ${bytes}`)
  })
}

function readSecret(key: string): Buffer | string {
  const form = 'must be base64 of exactly 32 bytes, or k4.local. and those bytes in base64url'
  if (key.startsWith('k4.local.')) return paserk(key, 'k4.local.') ?? form
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(key)) return form
  const bytes = Buffer.from(key, 'base64')
  return bytes.byteLength === 32 ? bytes : `${form}; it decodes to ${bytes.byteLength} bytes`
}

function readPublic(key: string): Buffer | string {
  return paserk(key, 'k4.public.') ?? 'must be k4.public. and 32 bytes in base64url'
}

function paserk(key: string, prefix: string): Buffer | undefined {
  const text = key.startsWith(prefix) ? key.slice(prefix.length) : ''
  const bytes = Buffer.from(text, 'base64url')
  return bytes.byteLength === 32 && bytes.toString('base64url') === text ? bytes : undefined
}
