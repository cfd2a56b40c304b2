import { concat, type Observable } from 'rxjs'
import { eventFrame } from '../feed/frame.js'
import { heldAccount, type HeldAccount, type OverflowStrategy } from '../operators/held.js'
import { mailbox } from '../operators/mailbox.js'
import type { Counters } from '../stats/counters.js'
import type { Log } from '../stats/log.js'
import { type Closing, closings } from './closing.js'
import { deliver } from '../operators/deliver.js'
import { drainingEvent } from './events.js'
import { firstEnding } from './firstEnding.js'
import type { Losses } from './losses.js'
import type { Framed } from './onePiece.js'
import type { Outlet } from './outlet.js'

/** A device's message as a session delivers it. An envelope is one. */
export interface DeviceMessage extends Framed {
  readonly deviceId: string
}

/** A device's last known message, whose frame is made only where there is room for it. */
export interface LastKnownFrame {
  readonly deviceId: string
  /** The frame; undefined where it turns out that there is nothing to show. */
  readonly makeFrame: () => Buffer | undefined
}

/** What one session shows, and what ends it. */
export interface SessionPlan {
  readonly overflow: OverflowStrategy
  /**
   * Its messages, from the moment of subscription on.
   *
   * @param showFirst Writes last known messages ahead of them, at once.
   */
  readonly messagesSelector: (
    showFirst: (snapshots: Iterable<LastKnownFrame>) => void,
  ) => Observable<DeviceMessage>
  /** What ends it at once, beside what ends every session. Default: nothing. */
  readonly ending$?: Observable<Closing>
  /** What ends it when its messages have completed and are all written. Default: nothing. */
  readonly last$?: Observable<Closing>
}

/** What a session needs beside its plan and its outlet; the same for all. */
export interface SessionOptions {
  /** Messages held per device, at least 1. */
  readonly mailboxCapacity: number
  /** Bytes held in all; 0 means no limit. */
  readonly mailboxBytes: number
  /** Emits `closings.draining` when the service drains. */
  readonly drain$: Observable<Closing>
  readonly counters: Counters
  readonly log: Log
}

/**
 * One session: from the moment it watches until it ends. Emits how it ended, once, and completes; unsubscribing tears
 * all of it down. It never errors: what fails in it ends it, and nothing else.
 *
 * ```
 * watch      -a-bc-----
 * drain$     --------x-
 * outlet     -A-B------      B is b and c, in one write
 * session    --------(x|)
 * ```
 *
 * @param newLosses Makes what keeps its losses, once there are any.
 * @param account What becomes of its messages.
 */
export function session(
  { overflow, messagesSelector, ending$, last$ }: SessionPlan,
  outlet: Outlet,
  options: SessionOptions,
  newLosses: () => Losses,
  account = heldAccount(),
): Observable<Closing> {
  const { mailboxCapacity, mailboxBytes, drain$, counters, log } = options
  const maxBytes = mailboxBytes === 0 ? Infinity : mailboxBytes
  let lost: Losses | null = null

  // A snapshot that is lost is told, and in no account: it was never routed.
  function lose(message: Pick<DeviceMessage, 'deviceId'>): void {
    lost ??= newLosses()
    lost.note(message)
  }

  function showFirst(snapshots: Iterable<LastKnownFrame>): void {
    const shown: Framed[] = []
    let bytes = 0
    for (const { deviceId, makeFrame } of snapshots) {
      const frame = bytes > maxBytes ? null : makeFrame()
      if (frame === undefined) continue
      bytes += frame?.length ?? 0
      if (frame !== null && bytes <= maxBytes) shown.push({ frame })
      else lose({ deviceId })
    }
    if (outlet.write(shown)) counters.snapshots += shown.length
  }

  const delivering$ = messagesSelector(showFirst).pipe(
    mailbox({
      capacity: mailboxCapacity,
      maxBytes,
      overflow,
      keySelector: deviceIdOf,
      bytesSelector: frameBytesOf,
      releaseSelector: () => outlet.writable$,
      // `latest` is there to skip what is overtaken, however fast the socket.
      canRelease: () => overflow !== 'latest' && outlet.isWritable,
      account,
      onDropped(message) {
        counters.dropped++
        lose(message)
      },
    }),
    deliver((batch) => {
      // A loss is told where its gap is.
      const told = lost?.tell() ?? []
      const isTaken = outlet.write(
        told.length === 0 ? batch : overflow === 'dropNewest' ? [...batch, ...told] : [...told, ...batch],
      )
      if (isTaken) counters.delivered += batch.length
      else discard(account, counters, batch.length)
    }),
  )

  const ends$ = [last$ === undefined ? delivering$ : concat(delivering$, last$), outlet.ended$, drain$]
  if (ending$ !== undefined) ends$.push(ending$)
  return firstEnding(ends$, (closing, error) => {
    if (closing === closings.failed) log.error('A session failed', { reason: String(error) })
    for (const event of lost?.tell() ?? []) outlet.tell(event)
    if (closing === closings.draining) outlet.tell(drainingEvent())
    if (closing.event !== undefined)
      outlet.tell({ frame: eventFrame(closing.event.event, closing.event.data) })
    outlet.close(closing)
    counters.discarded += account.waiting
  })
}

/** The peer is closing already: what was let go reaches nobody. */
function discard(account: HeldAccount, counters: Counters, count: number): void {
  account.delivered -= count
  account.discarded += count
  counters.discarded += count
}

const deviceIdOf = (message: DeviceMessage) => message.deviceId
const frameBytesOf = (message: DeviceMessage) => message.frame.length
