import { expect } from 'chai'
import { map, NEVER, type Observable, throwError } from 'rxjs'
import { Envelope } from '../../lib/feed/envelope.js'
import type { OverflowStrategy } from '../../lib/operators/held.js'
import { type Closing, closings, left } from '../../lib/session/closing.js'
import { losses } from '../../lib/session/losses.js'
import type { Framed } from '../../lib/session/onePiece.js'
import type { Outlet } from '../../lib/session/outlet.js'
import { session } from '../../lib/session/session.js'
import { createCounters } from '../../lib/stats/counters.js'
import { limitedLines } from '../../lib/stats/limitedLines.js'
import { silentLog } from '../../lib/stats/log.js'
import { marbles } from '../support/marbles.js'

const envelope = (letter: string) => new Envelope(letter, `{"data":{"DEVICE_ID":"${letter}"}}`, 0, {})

/** A frame as one short word: the device's letter, or the event with its device and count. */
function word({ frame }: Framed): string {
  const text = frame.subarray(2).toString()
  const { event, data } = JSON.parse(text) as { event: string; data: Record<string, unknown> }
  if (event === 'message') return (data as { data: { DEVICE_ID: string } }).data.DEVICE_ID
  return event === 'dropped' ? `dropped ${String(data.device_id)} ${String(data.count)}` : event
}

interface Parts {
  watch$: Observable<string>
  writable$?: Observable<unknown>
  ended$?: Observable<Closing>
  drain$?: Observable<Closing>
  overflow?: OverflowStrategy
  capacity?: number
  isClosing?: boolean
}

/** A session with a fake outlet, and the log of what the outlet was asked. */
function sessionOf(parts: Parts) {
  const { watch$, writable$, ended$ = NEVER, drain$ = NEVER } = parts
  const { overflow = 'dropNewest', capacity = 2, isClosing = false } = parts
  const told: string[] = []
  const counters = createCounters()
  const outlet: Outlet = {
    writable$: (writable$ ?? NEVER) as Observable<void>,
    isWritable: false,
    ended$,
    write(batch) {
      if (isClosing) return false
      told.push(`[${batch.map(word).join(', ')}]`)
      return true
    },
    tell: (event) => told.push(word(event)),
    close: ({ code, reason }) => told.push(`close ${code} ${reason}`.trimEnd()),
  }
  const options = { mailboxCapacity: capacity, mailboxBytes: 0, drain$, counters, log: silentLog }
  const newLosses = () => losses(silentLog, limitedLines(0))
  const plan = { overflow, messagesSelector: () => watch$.pipe(map(envelope)) }
  const session$ = session(plan, outlet, options, newLosses)
  return { session$, told, counters }
}

const endings: Record<string, Closing> = {
  l: left(1001),
  d: closings.draining,
  s: closings.silent,
  w: closings.tooSlow,
  f: closings.failed,
}

describe('session', () => {
  it('hands on what it watches in batches, and ends as its peer does', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const watch$ = cold('     a-bc------')
      const writable$ = cold('  -x')
      const ended$ = cold('     --------l-', endings)
      const watchSubs = '       ^-------!'
      const expected = '        --------(l|)'
      const { session$, told, counters } = sessionOf({ watch$, writable$, ended$ })
      expectObservable(session$).toBe(expected, endings)
      expectSubscriptions(watch$.subscriptions).toBe(watchSubs)
      flush()
      expect(told).to.deep.equal(['[a]', '[b, c]', 'close 1001'])
      expect(counters).to.include({ delivered: 3, dropped: 0, discarded: 0 })
    })
  })

  it('tells what it dropped after the batch behind which the gap is', () => {
    marbles(({ cold, expectObservable, flush }) => {
      const watch$ = cold('     aaaab-----a')
      const writable$ = cold('  ------x')
      const ended$ = cold('     ------------------l', endings)
      const { session$, told, counters } = sessionOf({ watch$, writable$, ended$ })
      expectObservable(session$).toBe('------------------(l|)', endings)
      flush()
      expect(told).to.deep.equal(['[a, a, b, dropped a 2]', '[a]', 'close 1001'])
      expect(counters).to.include({ delivered: 4, dropped: 2 })
    })
  })

  it('tells it before the batch where the oldest gave way', () => {
    marbles(({ cold, expectObservable, flush }) => {
      const watch$ = cold('     aaaa------')
      const writable$ = cold('  ------x')
      const { session$, told } = sessionOf({ watch$, writable$, overflow: 'dropOldest' })
      expectObservable(session$, '---------!').toBe('----------')
      flush()
      expect(told).to.deep.equal(['[dropped a 2, a, a]'])
    })
  })

  it('tells every loss before the close that ends it', () => {
    marbles(({ cold, expectObservable, flush }) => {
      const watch$ = cold('  aaaa------')
      const drain$ = cold('  -----d----', endings)
      const { session$, told, counters } = sessionOf({ watch$, drain$ })
      expectObservable(session$).toBe('-----(d|)', endings)
      flush()
      expect(told).to.deep.equal(['dropped a 2', 'draining', 'close 1001 Server draining'])
      expect(counters).to.include({ delivered: 0, dropped: 2, discarded: 2 })
    })
  })

  it('counts as discarded what a closing socket did not take', () => {
    marbles(({ cold, expectObservable, flush }) => {
      const watch$ = cold('     a-------')
      const writable$ = cold('  -x')
      const ended$ = cold('     ----l---', endings)
      const { session$, counters } = sessionOf({ watch$, writable$, ended$, isClosing: true })
      expectObservable(session$).toBe('----(l|)', endings)
      flush()
      expect(counters).to.include({ delivered: 0, dropped: 0, discarded: 1 })
    })
  })

  it('closes with 1013 under disconnect when a share is full', () => {
    marbles(({ cold, expectObservable, flush }) => {
      const watch$ = cold('aaa-')
      const { session$, told } = sessionOf({ watch$, overflow: 'disconnect' })
      expectObservable(session$).toBe('--(w|)', endings)
      flush()
      expect(told).to.deep.equal(['dropped a 1', 'close 1013 Too slow'])
    })
  })

  it('closes with 1011 when something in it fails, and errors nobody', () => {
    marbles(({ cold, expectObservable, flush }) => {
      const watch$ = cold('a#')
      const writable$ = throwError(() => new Error('broken'))
      const first = sessionOf({ watch$ })
      const second = sessionOf({ watch$: cold('a-'), writable$ })
      expectObservable(first.session$).toBe('-(f|)', endings)
      expectObservable(second.session$).toBe('(f|)', endings)
      flush()
      expect(first.told).to.deep.equal(['close 1011 Internal error'])
      expect(second.told).to.deep.equal(['close 1011 Internal error'])
    })
  })

  it('lets go of everything when it is unsubscribed', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const watch$ = cold('  -a------')
      const ended$ = cold('  --------', endings)
      const drain$ = cold('  --------', endings)
      const { session$ } = sessionOf({ watch$, ended$, drain$ })
      expectObservable(session$, '---!').toBe('----')
      for (const source$ of [watch$, ended$, drain$]) expectSubscriptions(source$.subscriptions).toBe('^--!')
    })
  })
})
