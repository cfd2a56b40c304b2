import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Subject } from 'rxjs'
import {
  isMade,
  keptUntil,
  shareIn,
  type ShareRecord,
  type ShareStore,
  type StoredShare,
} from '../auth/shareStore.js'
import type { LmdbEnvironment } from './lmdbEnvironment.js'
import type { LmdbChange } from './lmdbWriter.js'
import { storeUnavailable } from './storeUnavailable.js'

const attempts = 20
// A disk that stands still holds up those who write, and nobody who reads.
const longestWaitMs = 100
const nothing = Buffer.alloc(0)

/** A share store in lmdb, which can also tell every revocation that it holds, made here or not. */
export interface LmdbShareStore extends ShareStore {
  readonly allRevoked: () => Promise<readonly StoredShare[]>
}

/**
 * Keeps shares in an lmdb environment: a record is on disk before `update` resolves, and `get` waits for what is being
 * written of it, 100 ms at most: whether a share has ended that is just being extended is not to be told by what it was
 * before. `changed$` tells what this process changed. The environment is the caller's to close.
 */
export function lmdbShareStore(environment: LmdbEnvironment): LmdbShareStore {
  const shares = environment.database('shares')
  const changed$ = new Subject<string | null>()
  const writing = new Map<string, Promise<unknown>>()

  function read(key: Buffer): Buffer | undefined {
    environment.refresh()
    return shares.get(key)
  }

  async function update(shareId: string, change: Parameters<ShareStore['update']>[1]) {
    const key = Buffer.from(shareId)
    for (let times = 0; times < attempts; times++) {
      const held = await attempt(() => read(key))
      const stored = held === undefined ? undefined : shareIn(held)
      const next = change(stored)
      if (next === undefined) return stored
      const changes: LmdbChange[] = [{ database: 'shares', key, value: Buffer.from(JSON.stringify(next)) }]
      if (next.kind === 'made') changes.push({ database: 'subjects', key: subjectKey(next), value: nothing })
      const onlyIf = { database: 'shares', key, value: held ?? null } as const
      if (!(await tracked(shareId, environment.write({ onlyIf, changes })))) continue
      changed$.next(shareId)
      return next
    }
    throw storeUnavailable('The share is changed by others too often')
  }

  async function tracked<T>(shareId: string, written: Promise<T>): Promise<T> {
    writing.set(shareId, written)
    try {
      return await written
    } finally {
      if (writing.get(shareId) === written) writing.delete(shareId)
    }
  }

  async function get(shareId: string): Promise<StoredShare | undefined> {
    const written = writing.get(shareId)?.catch(() => undefined) // whoever writes is told
    if (written !== undefined) await Promise.race([written, delay(longestWaitMs, undefined, { ref: false })])
    return attempt(() => {
      const held = read(Buffer.from(shareId))
      return held === undefined ? undefined : shareIn(held)
    })
  }

  // A range is read to its end in one go, so that no write comes between; only keys and small records are in it.
  function ofSubject(subject: string): ShareRecord[] {
    environment.refresh()
    const start = subjectPrefix(subject)
    const end = Buffer.concat([start, Buffer.alloc(1, 0xff)])
    const keys = [...environment.database('subjects').getKeys({ start, end })]
    const found = keys.map((key) => shares.get(key.subarray(start.byteLength)))
    return found
      .filter((held) => held !== undefined)
      .map(shareIn)
      .filter(isMade)
  }

  function all(): StoredShare[] {
    environment.refresh()
    return Array.from(shares.getRange({}), ({ value }) => shareIn(value))
  }

  async function remove(share: StoredShare): Promise<boolean> {
    const key = Buffer.from(share.shareId)
    const changes: LmdbChange[] = [{ database: 'shares', key, value: null }]
    if (share.kind === 'made') changes.push({ database: 'subjects', key: subjectKey(share), value: null })
    const onlyIf = { database: 'shares', key, value: Buffer.from(JSON.stringify(share)) } as const
    return environment.write({ onlyIf, changes })
  }

  return {
    get,
    update,
    list: (subject) => attempt(() => (subject === undefined ? all().filter(isMade) : ofSubject(subject))),
    allRevoked: () => attempt(() => all().filter(({ revokedAt }) => revokedAt !== undefined)),
    removeEnded: async (now) => {
      const ended = (await attempt(all)).filter((share) => keptUntil(share) <= now)
      let removed = 0
      for (const share of ended) if (await remove(share)) removed += 1
      return removed
    },
    changed$: changed$.asObservable(),
    close: () => Promise.resolve(),
  }
}

function attempt<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work())
  } catch (error) {
    return Promise.reject(storeUnavailable("The share database can't be read", error))
  }
}

function subjectKey({ subject, shareId }: ShareRecord): Buffer {
  return Buffer.concat([subjectPrefix(subject ?? ''), Buffer.from(shareId)])
}

// A subject may be longer than a key.
function subjectPrefix(subject: string): Buffer {
  return createHash('sha256').update(subject).digest().subarray(0, 16)
}
