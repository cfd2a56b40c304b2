import { Subject } from 'rxjs'
import { isMade, keptUntil, type ShareStore, type StoredShare } from '../../lib/auth/shareStore.js'
import { storeUnavailable } from '../../lib/stores/storeUnavailable.js'

/** A share store in memory, whose trouble is held by hand. */
export interface MemoryShareStore extends ShareStore {
  /** `away` refuses, `hanging` never answers. */
  readonly be: (how: 'well' | 'away' | 'hanging') => void
  /** Changes a share as another instance would whose word gets lost. */
  readonly changeUnnoticed: (share: StoredShare) => void
  /** Gives the word of a change, true or not. */
  readonly tell: (shareId: string | null) => void
  readonly stored: ReadonlyMap<string, StoredShare>
}

export function memoryShareStore(): MemoryShareStore {
  const stored = new Map<string, StoredShare>()
  const changed$ = new Subject<string | null>()
  let state: 'well' | 'away' | 'hanging' = 'well'

  function answer<T>(work: () => T): Promise<T> {
    if (state === 'away') return Promise.reject(storeUnavailable('The store is away'))
    if (state === 'hanging') return new Promise(() => undefined)
    return Promise.resolve().then(work)
  }

  return {
    stored,
    be: (how) => {
      state = how
    },
    changeUnnoticed: (share) => {
      stored.set(share.shareId, share)
    },
    tell: (shareId) => changed$.next(shareId),
    get: (shareId) => answer(() => stored.get(shareId)),
    update: (shareId, change) =>
      answer(() => {
        const next = change(stored.get(shareId))
        if (next === undefined) return stored.get(shareId)
        stored.set(shareId, next)
        changed$.next(shareId)
        return next
      }),
    list: (subject) =>
      answer(() =>
        [...stored.values()]
          .filter(isMade)
          .filter((share) => subject === undefined || share.subject === subject),
      ),
    removeEnded: (now) =>
      answer(() => {
        const ended = [...stored.values()].filter((share) => keptUntil(share) <= now)
        for (const { shareId } of ended) stored.delete(shareId)
        return ended.length
      }),
    changed$,
    close: () => Promise.resolve(),
  }
}
