import fc from 'fast-check'
import { defer, map, mergeAll, type Observable, of, pipe } from 'rxjs'
import { mergeAllLean } from '../../lib/operators/mergeAllLean.js'
import { marbles } from '../support/marbles.js'
import { keepsTheOperatorContract, throwFromTheCallback } from '../support/operatorContract.js'

describe('mergeAllLean', () => {
  it('emits what all of them emit, and completes when all have', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a$ = cold('                              --1--2|')
      const b$ = cold('                              --3-4-|')
      const source$ = cold<Observable<string>>('     a---b--|', { a: a$, b: b$ })
      expectObservable(source$.pipe(mergeAllLean())).toBe('--1--23-4-|')
      expectSubscriptions(a$.subscriptions).toBe('   ^-----!')
      expectSubscriptions(b$.subscriptions).toBe('   ----^-----!')
    })
  })

  it('errors with the first that does, and unsubscribes from all', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a$ = cold('                              --1-#')
      const b$ = cold('                              --2----')
      const source$ = cold<Observable<string>>('     ab----', { a: a$, b: b$ })
      expectObservable(source$.pipe(mergeAllLean())).toBe('--12#')
      expectSubscriptions(source$.subscriptions).toBe('^---!')
      expectSubscriptions(b$.subscriptions).toBe('   -^--!')
    })
  })

  keepsTheOperatorContract(
    () =>
      pipe(
        map((value: unknown) => of(value)),
        mergeAllLean(),
      ),
    () =>
      pipe(
        map(() => defer(throwFromTheCallback)),
        mergeAllLean(),
      ),
  )

  it('is mergeAll', () => {
    const inner = fc.stringMatching(/^[-12]{0,6}[|#-]$/)
    fc.assert(
      fc.property(inner, inner, fc.stringMatching(/^-{0,3}a-{0,3}b-{0,3}[|#-]$/), (a, b, source) => {
        marbles(({ cold, expectObservable }) => {
          const source$ = cold<Observable<string>>(source, { a: cold(a), b: cold(b) })
          expectObservable(source$.pipe(mergeAllLean())).toEqual(source$.pipe(mergeAll()))
        })
      }),
    )
  })
})
