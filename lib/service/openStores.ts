import { resolve } from 'node:path'
import { concat, EMPTY, merge, NEVER, type Observable, of } from 'rxjs'
import type { ShareStore } from '../auth/shareStore.js'
import { AfluenteError } from '../errors.js'
import type { LastKnown } from '../feed/lastKnown.js'
import type { Log } from '../stats/log.js'
import { openLmdb } from '../stores/lmdbEnvironment.js'
import { lmdbLastKnown } from '../stores/lmdbLastKnown.js'
import { memoryLastKnown } from '../stores/memoryLastKnown.js'
import { brokenShareStore, storeUnavailable } from '../stores/storeUnavailable.js'
import { complained } from './complained.js'
import { type OtherWorkers, openShareStore } from './openShareStore.js'
import type { Settings } from './settings.js'

/** What outlasts a restart. */
export interface Stores {
  readonly lastKnown: LastKnown
  readonly shares: ShareStore
  /** Whether shares can be reached. Never ends. */
  readonly connected$: Observable<boolean>
  /** The stores' background work, while subscribed. Emits nothing and never errors. */
  readonly running$: Observable<never>
  /** Writes what isn't on disk yet, and lets go of everything. */
  readonly close: () => Promise<void>
}

export type StoreSettings = Pick<
  Settings,
  'DATA_DIR' | 'REDIS_URL' | 'LAST_KNOWN_MAX_DEVICES' | 'LAST_KNOWN_MAX_AGE_SECS'
>

/**
 * Opens what is kept under `DATA_DIR`: one environment for last known messages and shares, or where Redis keeps the
 * shares, for their revocations. Where it can't be used the service streams all the same: last known messages are then
 * in memory alone, and no share can be opened, since what is lost may have revoked it.
 *
 * In a group of workers each has it open, and keeps its own last known messages, of the whole feed, as if alone; only
 * what no other has written goes to disk. No worker is the one that writes, so that none is missed when it dies.
 */
export async function openStores(settings: StoreSettings, log: Log, others?: OtherWorkers): Promise<Stores> {
  const limits = {
    maxDevices: settings.LAST_KNOWN_MAX_DEVICES,
    maxAgeMs: 1000 * settings.LAST_KNOWN_MAX_AGE_SECS,
  }
  try {
    return await openOnDisk(settings, limits, log, others)
  } catch (error) {
    if (!isUnavailable(error)) throw error
    log.error('Last known messages will not outlast this process, and no share can be opened', {
      reason: error.message,
    })
    return {
      lastKnown: memoryLastKnown(limits),
      shares: brokenShareStore(error),
      connected$: concat(of(false), NEVER),
      running$: EMPTY,
      close: () => Promise.resolve(),
    }
  }
}

async function openOnDisk(
  settings: StoreSettings,
  limits: { readonly maxDevices: number; readonly maxAgeMs: number },
  log: Log,
  others: OtherWorkers | undefined,
): Promise<Stores> {
  const directory = resolve(settings.DATA_DIR)
  const environment = await openLmdb(directory)
  process.once('exit', environment.stop)
  const opening = lmdbLastKnown(environment, { ...limits, isShared: others !== undefined })
  const lastKnown = await opening.catch(async (error: unknown) => {
    await environment.close()
    throw storeUnavailable(`The database in ${directory} can't be read`, error)
  })
  const shares = openShareStore(environment, settings.REDIS_URL, log, others)
  const notWritten = 'Last known messages could not be written, and wait'
  return {
    lastKnown,
    shares: shares.store,
    connected$: shares.connected$,
    running$: merge(complained(lastKnown.written$, log, notWritten), shares.running$),
    async close() {
      await lastKnown.flush().catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : 'unknown'
        log.error('The latest last known messages are lost', { reason })
      })
      await shares.store.close()
      await environment.close()
      process.off('exit', environment.stop)
    },
  }
}

function isUnavailable(error: unknown): error is AfluenteError<'ERR_STORE_UNAVAILABLE'> {
  return error instanceof AfluenteError && error.code === 'ERR_STORE_UNAVAILABLE'
}
