import { concat, type Observable } from 'rxjs'
import { eventFrame } from '../feed/frame.js'
import type { OverflowStrategy } from '../operators/held.js'
import { mailboxTo } from '../operators/mailboxTo.js'
import type { Log } from '../stats/log.js'
import { type Closing, closings } from './closing.js'
import { Delivery, type DeliveryOptions, type DeviceMessage, type LastKnownFrame } from './delivery.js'
import { drainingEvent } from './events.js'
import { firstEnding } from './firstEnding.js'
import type { Losses } from './losses.js'
import type { Outlet } from './outlet.js'

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
export interface SessionOptions extends DeliveryOptions {
  /** Emits `closings.draining` when the service drains. */
  readonly drain$: Observable<Closing>
  readonly log: Log
}

/**
 * One session: from the moment it watches until it ends. Emits how it ended, once, and completes; unsubscribing tears
 * all of it down. It never errors: what fails in it ends it, and nothing else.
 *
 * ```
 * watch      -a-bc-----
 * drain$     --------x-
 * outlet     -A--B-----      B is b and c, in one write
 * session    --------(x|)
 * ```
 *
 * @param newLosses Makes what keeps its losses, once there are any.
 */
export function session(
  { overflow, messagesSelector, ending$, last$ }: SessionPlan,
  outlet: Outlet,
  options: SessionOptions,
  newLosses: () => Losses,
): Observable<Closing> {
  const { drain$, log } = options
  const delivery = new Delivery(overflow, outlet, options, newLosses)
  const delivering$ = messagesSelector((snapshots) => delivery.showFirst(snapshots)).pipe(
    mailboxTo(delivery, delivery),
  )
  const ends$ = [last$ === undefined ? delivering$ : concat(delivering$, last$), outlet.ended$, drain$]
  if (ending$ !== undefined) ends$.push(ending$)
  return firstEnding(ends$, (closing, error) => {
    if (closing === closings.failed) log.error('A session failed', { reason: String(error) })
    for (const event of delivery.untold()) outlet.tell(event)
    if (closing === closings.draining) outlet.tell(drainingEvent())
    if (closing.event !== undefined)
      outlet.tell({ frame: eventFrame(closing.event.event, closing.event.data) })
    outlet.close(closing)
  })
}
