import { xchacha20 } from '@noble/ciphers/chacha.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { type Key, LocalDecrypt, LocalEncrypt, LocalProtocol, PAE, PasetoError } from 'paseto'

/** A key for v4.local; its bytes can't be read back from it. */
export interface LocalKey extends Key {
  readonly algorithm: { readonly name: 'PASETO v4.local' }
  readonly type: 'secret'
}

/** What an authenticated token says; its claims are still to be judged. */
export interface Authenticated {
  /** The claims as they were sealed: JSON text that nobody has read yet. */
  readonly message: string
  readonly footer: Uint8Array
}

/** What a seal may be given beside its claims; specs and a link that is shown again fix the nonce. */
export interface SealOptions {
  /** 32 bytes, random unless given. */
  nonce?: Uint8Array
  footer?: Uint8Array
  implicitAssertion?: Uint8Array
}

const bytesOf = new WeakMap<Key, Uint8Array>()
const header = Buffer.from('v4.local.')
const encryptionInfo = Buffer.from('paseto-encryption-key')
const authenticationInfo = Buffer.from('paseto-auth-key-for-aead')
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Makes a key of 32 bytes.
 *
 * @throws RangeError when there are more or fewer.
 */
export function localKey(bytes: Uint8Array): LocalKey {
  if (bytes.byteLength !== 32) throw new RangeError(`a v4.local key has 32 bytes, not ${bytes.byteLength}`)
  const key: LocalKey = { algorithm: { name: 'PASETO v4.local' }, extractable: false, type: 'secret' }
  bytesOf.set(key, Uint8Array.from(bytes))
  return key
}

/** Seals claims, in the order in which they stand, as a v4.local token. Nothing is added to them. */
export async function sealLocal(key: LocalKey, claims: object, options: SealOptions = {}): Promise<string> {
  const { nonce = randomBytes(32), ...rest } = options
  const encrypt = LocalEncrypt<4, LocalKey>({
    version: 4,
    run: (secret, message, footer, implicit) =>
      Promise.resolve(encryptV4(secret, nonce, message, footer, implicit)),
  })
  return new LocalProtocol(encrypt).Encrypt(key, claims as Record<string, string>, {
    ...rest,
    addIssuedAt: false,
    nonExpiring: !('exp' in claims),
  })
}

const opener = new LocalProtocol(
  LocalDecrypt<4, LocalKey>({
    version: 4,
    run: (secret, payload, footer, implicit) =>
      Promise.resolve().then(() => enclose(decryptV4(secret, payload, footer, implicit))),
  }),
)

/** Opens a v4.local token: what it says, or undefined when this key didn't seal it so. Claims are not judged. */
export async function openLocal(
  key: LocalKey,
  token: string,
  options: { implicitAssertion?: Uint8Array } = {},
): Promise<Authenticated | undefined> {
  try {
    const { claims, footer } = await opener.Decrypt(key, token, { ...options, allowNonExpiring: true })
    const { message } = claims
    return typeof message === 'string' ? { message, footer } : undefined
  } catch (error) {
    if (error instanceof PasetoError || error instanceof RangeError) return undefined
    throw error
  }
}

// https://github.com/paseto-standard/paseto-spec/blob/master/docs/01-Protocol-Versions/Version4.md#encrypt
function encryptV4(
  key: LocalKey,
  nonce: Uint8Array,
  message: Uint8Array,
  footer: Uint8Array,
  implicit: Uint8Array,
): Uint8Array {
  const { encryptionKey, counterNonce, authenticationKey } = split(key, nonce)
  const sealed = xchacha20(encryptionKey, counterNonce, message)
  return Buffer.concat([nonce, sealed, tagOf(authenticationKey, [header, nonce, sealed, footer, implicit])])
}

function decryptV4(key: LocalKey, payload: Uint8Array, footer: Uint8Array, implicit: Uint8Array): Uint8Array {
  if (payload.byteLength < 64) throw new RangeError('a v4.local payload has at least 64 bytes')
  const nonce = payload.subarray(0, 32)
  const sealed = payload.subarray(32, -32)
  const { encryptionKey, counterNonce, authenticationKey } = split(key, nonce)
  const tag = tagOf(authenticationKey, [header, nonce, sealed, footer, implicit])
  if (!timingSafeEqual(tag, payload.subarray(-32))) throw new RangeError('a v4.local tag does not match')
  return xchacha20(encryptionKey, counterNonce, sealed)
}

function split(key: LocalKey, nonce: Uint8Array) {
  const secret = bytesOf.get(key)
  if (secret === undefined) throw new TypeError('key was not made by localKey')
  const derived = blake2b(Buffer.concat([encryptionInfo, nonce]), { key: secret, dkLen: 56 })
  return {
    encryptionKey: derived.subarray(0, 32),
    counterNonce: derived.subarray(32),
    authenticationKey: blake2b(Buffer.concat([authenticationInfo, nonce]), { key: secret, dkLen: 32 }),
  }
}

function tagOf(key: Uint8Array, pieces: Uint8Array[]): Uint8Array {
  return blake2b(PAE(pieces), { key, dkLen: 32 })
}

/**
 * Encloses an authenticated message as the one claim of an outer object. `paseto` judges `exp`, `iat` and `nbf` by
 * its own rules as soon as it has opened a token, which CONTRACT 1.4 doesn't want (an odd `iat` is not judged, and
 * expired is known only after the share's record was seen), so it gets an object that has none of them.
 *
 * @throws RangeError when the message is not UTF-8.
 */
function enclose(message: Uint8Array): Uint8Array {
  let text: string
  try {
    text = decoder.decode(message)
  } catch (cause) {
    throw new RangeError('a message is not UTF-8', { cause })
  }
  return Buffer.from(JSON.stringify({ message: text }))
}
