import { expect } from 'chai'
import fc from 'fast-check'
import { EMPTY, NEVER, Subject, takeUntil, throwError, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { expiryOf, expiryLookMs, takeUntilExpiry } from '../../lib/operators/takeUntilExpiry.js'
import { clocksAt } from '../support/clocks.js'

const dayMs = 86_400_000

const raise = (error: unknown): never => {
  throw error
}

function marbles(
  run: (helpers: Parameters<Parameters<TestScheduler['run']>[0]>[0], scheduler: TestScheduler) => void,
) {
  const scheduler = new TestScheduler((actual, expected) => void expect(actual).to.deep.equal(expected))
  scheduler.run((helpers) => run(helpers, scheduler))
}

describe('takeUntilExpiry', () => {
  it('ends the source when the last said deadline has passed', () => {
    marbles((rx, scheduler) => {
      const source$ = rx.hot(' -1--2--3--4--5--6-')
      const expiry$ = rx.cold('a-----b-----------', { a: 8, b: 14 })
      const expected = '    -1--2--3--4--5|   '
      const result$ = source$.pipe(
        takeUntilExpiry(expiry$, { scheduler, monotonicNow: () => scheduler.now() }),
      )
      rx.expectObservable(result$).toBe(expected)
      rx.expectSubscriptions(source$.subscriptions).toBe('^-------------!')
    })
  })

  it('ends at once when a deadline moves into the past', () => {
    marbles((rx, scheduler) => {
      const source$ = rx.hot(' -1--2--3--4--')
      const expiry$ = rx.cold('a----b-------', { a: 1_000, b: 2 })
      rx.expectObservable(
        source$.pipe(takeUntilExpiry(expiry$, { scheduler, monotonicNow: () => scheduler.now() })),
      ).toBe('                   -1--2|')
    })
  })

  it('takes a Date as well, and lets the last deadline stand when expiry$ completes', () => {
    marbles((rx, scheduler) => {
      const clocks = { scheduler, monotonicNow: () => scheduler.now() }
      const expiry$ = rx.cold('a|', { a: new Date(5) })
      rx.expectObservable(rx.hot('-1-2-3-4').pipe(takeUntilExpiry(expiry$, clocks))).toBe('-1-2-(3|)')
      rx.expectObservable(rx.hot('-1--2').pipe(takeUntilExpiry(new Date(3), clocks))).toBe('-1-|')
    })
  })

  it('never ends a source whose deadline was never said, and passes errors of either on', () => {
    marbles((rx) => {
      rx.expectObservable(rx.hot('-1-2-|').pipe(takeUntilExpiry(EMPTY))).toBe('-1-2-|')
      rx.expectObservable(rx.hot('-1-2-|').pipe(takeUntilExpiry(NEVER))).toBe('-1-2-|')
      rx.expectObservable(rx.hot('-1-#').pipe(takeUntilExpiry(9))).toBe('-1-#')
      rx.expectObservable(rx.hot('-1-').pipe(takeUntilExpiry(throwError(() => new Error('gone'))))).toBe(
        '#',
        {},
        new Error('gone'),
      )
    })
  })

  it('errors with a TypeError when a deadline is no instant', () => {
    let seen: unknown
    expiryOf(new Date(NaN)).subscribe({ error: (error: unknown) => (seen = error) })
    expect(seen).to.be.instanceOf(TypeError)
  })

  it('equals takeUntil(timer(deadline)) below 24.8 days', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 2 ** 31 - 1 }), (at) => {
        marbles((rx, scheduler) => {
          const source$ = rx.hot(
            '-1-2- 1s 3- 1h 4- 20d 5|'.replace('20d', `${20 * dayMs}ms`).replace('1h', '3600s'),
          )
          const byTimer$ = source$.pipe(takeUntil(timer(new Date(at))))
          const clocks = { scheduler, monotonicNow: () => scheduler.now() }
          rx.expectObservable(source$.pipe(takeUntilExpiry(at, clocks))).toEqual(byTimer$)
        })
      }),
      { numRuns: 50 },
    )
  })

  it('stays open for a deadline in 40 days, and in year 9999', () => {
    marbles((rx, scheduler) => {
      const clocks = { scheduler, monotonicNow: () => scheduler.now() }
      rx.expectObservable(expiryOf(40 * dayMs, clocks)).toBe(`${40 * dayMs}ms (a|)`, { a: 40 * dayMs })
      rx.expectObservable(expiryOf(new Date('9999-12-31T23:59:59Z'), clocks), `${30 * dayMs}ms !`).toBe('-')
    })
  })

  it('expires within 30 s of a clock that jumps forward, and not before', () => {
    const clocks = clocksAt(1_000_000)
    const seen: number[] = []
    expiryOf(1_000_000 + 3_600_000, clocks).subscribe({ next: (at) => seen.push(at), error: raise })
    clocks.pass(10_000)
    clocks.jump(3_600_000)
    expect(seen).to.be.empty
    clocks.pass(expiryLookMs)
    expect(seen).to.deep.equal([4_600_000])
  })

  it('is not prolonged by a clock that is set back, though an extension re-arms both', () => {
    const clocks = clocksAt(10_000_000)
    const expiry$ = new Subject<number>()
    const seen: number[] = []
    expiryOf(expiry$, clocks).subscribe({ next: () => seen.push(clocks.elapsed()), error: raise })
    expiry$.next(10_000_000 + 600_000)
    clocks.pass(60_000)
    clocks.jump(-3_600_000)
    clocks.pass(539_999)
    expect(seen).to.be.empty
    expiry$.next(10_000_000 + 660_000)
    // The wall says 59 minutes before the old deadline; the extension counts from here.
    clocks.pass(3_660_000)
    expect(seen).to.be.empty
    clocks.pass(1)
    expect(seen).to.deep.equal([600_000 - 1 + 3_660_001])
  })

  it('ends a shortened deadline by the limit that was there before the clock was set back', () => {
    const clocks = clocksAt(10_000_000)
    const expiry$ = new Subject<number>()
    const seen: number[] = []
    expiryOf(expiry$, clocks).subscribe({ next: () => seen.push(clocks.elapsed()), error: raise })
    expiry$.next(10_000_000 + 600_000)
    clocks.jump(-3_600_000)
    expiry$.next(10_000_000 + 300_000)
    clocks.pass(299_999)
    expect(seen).to.be.empty
    clocks.pass(1)
    expect(seen).to.deep.equal([300_000])
  })

  it('leaves no timer behind', () => {
    const clocks = clocksAt(0)
    expiryOf(9e9, clocks).subscribe({ error: raise }).unsubscribe()
    expect(clocks.waiting()).to.equal(0)
  })
})
