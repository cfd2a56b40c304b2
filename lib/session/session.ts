import type { Observable } from 'rxjs'
import type { DeviceStreams } from '../feed/deviceStreams.js'
import type { Envelope } from '../feed/envelope.js'
import { heldAccount, type HeldAccount } from '../operators/held.js'
import { mailbox } from '../operators/mailbox.js'
import type { Counters } from '../stats/counters.js'
import type { Log } from '../stats/log.js'
import { type Closing, closings } from './closing.js'
import { deliver } from '../operators/deliver.js'
import { drainingEvent } from './events.js'
import { firstEnding } from './firstEnding.js'
import type { Losses } from './losses.js'
import type { Outlet } from './outlet.js'
import type { StreamRequest } from './streamRequest.js'

/** What a session needs beside its request and its outlet; the same for all. */
export interface SessionOptions {
  readonly watch: DeviceStreams['watch']
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
  { deviceIds, overflow }: StreamRequest,
  outlet: Outlet,
  options: SessionOptions,
  newLosses: () => Losses,
  account = heldAccount(),
): Observable<Closing> {
  const { watch, mailboxCapacity, mailboxBytes, drain$, counters, log } = options
  let lost: Losses | null = null

  const delivering$ = watch(deviceIds).pipe(
    mailbox({
      capacity: mailboxCapacity,
      maxBytes: mailboxBytes === 0 ? Infinity : mailboxBytes,
      overflow,
      keySelector: deviceIdOf,
      bytesSelector: frameBytesOf,
      releaseSelector: () => outlet.writable$,
      // `latest` is there to skip what is overtaken, however fast the socket.
      canRelease: () => overflow !== 'latest' && outlet.isWritable,
      account,
      onDropped(envelope) {
        counters.dropped++
        lost ??= newLosses()
        lost.note(envelope)
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

  return firstEnding([delivering$, outlet.ended$, drain$], (closing, error) => {
    if (closing === closings.failed) log.error('A session failed', { reason: String(error) })
    for (const event of lost?.tell() ?? []) outlet.tell(event)
    if (closing === closings.draining) outlet.tell(drainingEvent())
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

const deviceIdOf = (envelope: Envelope) => envelope.deviceId
const frameBytesOf = (envelope: Envelope) => envelope.frame.length
