import type { ForeignRevocation, ShareRecord } from '../../lib/auth/shareStore.js'

/** A share record, with what a spec cares about changed. */
export function shareRecord(changes: Partial<ShareRecord> = {}): ShareRecord {
  const issuedAt = Date.now()
  return {
    kind: 'made',
    shareId: 'share-a',
    subject: 'ana',
    deviceIds: ['A'],
    unitId: 'unit',
    issuedAt,
    sealedExpiresAt: issuedAt + 1_800_000,
    expiresAt: issuedAt + 1_800_000,
    nonce: Buffer.alloc(32, 1).toString('base64url'),
    ...changes,
  }
}

/** The revocation of a share of the other issuer. */
export function foreignRevocation(changes: Partial<ForeignRevocation> = {}): ForeignRevocation {
  return { kind: 'foreign', shareId: 'foreign-a', revokedAt: Date.now(), ...changes }
}
