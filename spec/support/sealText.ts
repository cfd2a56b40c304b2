import { xchacha20 } from '@noble/ciphers/chacha.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { randomBytes } from 'node:crypto'
import { PAE } from 'paseto'

/** Seals any text as a v4.local token, written down from the specification alone: no claim is looked at. */
export function sealText(key: Uint8Array, text: string): string {
  const nonce = randomBytes(32)
  const derived = blake2b(Buffer.concat([Buffer.from('paseto-encryption-key'), nonce]), { key, dkLen: 56 })
  const authentication = blake2b(Buffer.concat([Buffer.from('paseto-auth-key-for-aead'), nonce]), {
    key,
    dkLen: 32,
  })
  const sealed = xchacha20(derived.subarray(0, 32), derived.subarray(32), Buffer.from(text))
  const none = new Uint8Array()
  const tag = blake2b(PAE([Buffer.from('v4.local.'), nonce, sealed, none, none]), {
    key: authentication,
    dkLen: 32,
  })
  return `v4.local.${Buffer.concat([nonce, sealed, tag]).toString('base64url')}`
}
