import { expect } from 'chai'
import { map, merge, NEVER, of, take } from 'rxjs'
import { type Closing, closings } from '../../lib/session/closing.js'
import { firstEnding } from '../../lib/session/firstEnding.js'
import { marbles } from '../support/marbles.js'

const endings: Record<string, Closing> = { d: closings.draining, s: closings.silent, f: closings.failed }

describe('firstEnding', () => {
  it('emits the first ending, completes, and unsubscribes from all', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const late$ = cold('   ----d--', endings)
      const early$ = cold('  --s----', endings)
      const subs = '         ^-!'
      const expected = '     --(s|)'
      expectObservable(firstEnding([late$, early$], () => undefined)).toBe(expected, endings)
      expectSubscriptions(late$.subscriptions).toBe(subs)
      expectSubscriptions(early$.subscriptions).toBe(subs)
    })
  })

  it('makes an error the ending that stands for it, and tells what failed', () => {
    const told: unknown[] = []
    marbles(({ cold, expectObservable }) => {
      const broken$ = cold<Closing>('--#', endings, new Error('broken'))
      const ending$ = firstEnding([NEVER, broken$], (closing, error) =>
        told.push([closing.name, String(error)]),
      )
      expectObservable(ending$).toBe('--(f|)', endings)
    })
    expect(told).to.deep.equal([['failed', 'Error: broken']])
  })

  it('stops at an ending that is there already, and ends once', () => {
    let count = 0
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const unneeded$ = cold<Closing>('---', endings)
      const ending$ = firstEnding([of(closings.silent, closings.draining), unneeded$], () => count++)
      expectObservable(ending$).toBe('(s|)', endings)
      expectSubscriptions(unneeded$.subscriptions).toBe([])
    })
    expect(count).to.equal(1)
  })

  it('is merge with NEVER and take(1), where nothing errors', () => {
    marbles(({ cold, expectObservable }) => {
      for (const [left, right] of [
        ['--d', '-|'],
        ['|', '|'],
        ['-s-d', '--d'],
        ['(s|)', '(d|)'],
      ] as const) {
        const both$ = [cold(left, endings), cold(right, endings)]
        expectObservable(firstEnding(both$, () => undefined).pipe(map(({ name }) => name))).toEqual(
          merge(...both$, NEVER).pipe(
            take(1),
            map(({ name }) => name),
          ),
        )
      }
    })
  })
})
