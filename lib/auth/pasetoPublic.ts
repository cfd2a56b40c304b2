import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { ClaimValidationError, type Key, PAE, PasetoError, PublicProtocol, PublicVerify } from 'paseto'
import type { Authenticated } from './pasetoLocal.js'

/** A key that verifies v4.public tokens. */
export interface PublicKey extends Key {
  readonly algorithm: { readonly name: 'PASETO v4.public' }
  readonly type: 'public'
}

const keyObjectOf = new WeakMap<Key, KeyObject>()
const header = Buffer.from('v4.public.')
// An Ed25519 public key in SubjectPublicKeyInfo (RFC 8410) is this and its 32 bytes.
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Makes a key of the 32 bytes of an Ed25519 public key.
 *
 * @throws RangeError when there are more or fewer.
 */
export function publicKey(bytes: Uint8Array): PublicKey {
  if (bytes.byteLength !== 32) throw new RangeError(`a v4.public key has 32 bytes, not ${bytes.byteLength}`)
  const key: PublicKey = { algorithm: { name: 'PASETO v4.public' }, extractable: true, type: 'public' }
  const der = Buffer.concat([spkiPrefix, bytes])
  keyObjectOf.set(key, createPublicKey({ key: der, format: 'der', type: 'spki' }))
  return key
}

// Node's own Ed25519 rather than Web Cryptography's, which Node 20 calls experimental in its output.
const verifier = new PublicProtocol(
  PublicVerify<4, PublicKey>({
    version: 4,
    // https://github.com/paseto-standard/paseto-spec/blob/master/docs/01-Protocol-Versions/Version4.md#verify
    run: (key, message, signature, footer, implicit) => {
      const keyObject = keyObjectOf.get(key)
      if (keyObject === undefined) throw new TypeError('key was not made by publicKey')
      return Promise.resolve(verify(null, PAE([header, message, footer, implicit]), keyObject, signature))
    },
  }),
)

/** Opens a v4.public token: what it says, or undefined when this key's owner didn't sign it so. Claims are not judged. */
export async function openPublic(
  key: PublicKey,
  token: string,
  options: { implicitAssertion?: Uint8Array } = {},
): Promise<Authenticated | undefined> {
  try {
    await verifier.Verify(key, token, { ...options, allowNonExpiring: true })
  } catch (error) {
    if (!(error instanceof PasetoError)) throw error
    // The library judges claims by its own rules, which are not CONTRACT 1.4's, but only once the signature is right.
    if (!(error instanceof ClaimValidationError)) return undefined
  }
  const [, , payload = '', footer = ''] = token.split('.')
  const message = Buffer.from(payload, 'base64url').subarray(0, -64).toString()
  return { message, footer: Buffer.from(footer, 'base64url') }
}
