import { expect } from 'chai'
import { config, Observable, of, type OperatorFunction, Subject, take } from 'rxjs'
import { marbles } from './marbles.js'

/** What every operator of ours keeps, whatever it does. */
export function keepsTheOperatorContract(
  operator: () => OperatorFunction<string, unknown>,
  throwing: () => OperatorFunction<string, unknown>,
): void {
  describe('operator contract', () => {
    it('completes with an empty source', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source$ = cold('--|')
        expectObservable(source$.pipe(operator())).toBe('--|')
        expectSubscriptions(source$.subscriptions).toBe('^-!')
      })
    })

    it('passes an error on at once', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source$ = cold('--#')
        expectObservable(source$.pipe(operator())).toBe('--#')
        expectSubscriptions(source$.subscriptions).toBe('^-!')
      })
    })

    it('stays with a source that never emits', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source$ = cold('---')
        expectObservable(source$.pipe(operator())).toBe('---')
        expectSubscriptions(source$.subscriptions).toBe('^--')
      })
    })

    it('lets an early unsubscription reach the source, through a chain too', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('-a-b-c-d-')
        expectObservable(source$.pipe(operator(), operator() as OperatorFunction<unknown, unknown>), '---!')
        expectSubscriptions(source$.subscriptions).toBe('^--!')
      })
    })

    it('stops a synchronous source when it is unsubscribed', () => {
      let produced = 0
      const source$ = new Observable<string>((out) => {
        while (!out.closed && produced < 1000) out.next(String(produced++))
      })
      source$.pipe(operator(), take(1)).subscribe({ error: expect.fail })
      expect(produced).to.equal(1)
    })

    it('makes a throwing callback its own error, and spares other subscribers', () => {
      const source$ = new Subject<string>()
      const errors: unknown[] = []
      const others: string[] = []
      source$.pipe(throwing()).subscribe({ error: (error: unknown) => errors.push(error) })
      source$.subscribe({ next: (value) => others.push(value), error: expect.fail })
      source$.next('a')
      source$.next('b')
      expect(errors.map(String)).to.deep.equal(['Error: from the callback'])
      expect(others).to.deep.equal(['a', 'b'])
    })

    it('lets no error of a subscriber below it reach the source', async () => {
      const reported = new Promise((resolve) => (config.onUnhandledError = resolve))
      const later: string[] = []
      of('a')
        .pipe(operator())
        .subscribe({
          next() {
            throw new Error('from below')
          },
          error: expect.fail,
        })
      later.push('still here')
      expect(String(await reported)).to.equal('Error: from below')
      config.onUnhandledError = null
      expect(later).to.have.length(1)
    })
  })
}

/** A callback that throws. */
export function throwFromTheCallback(): never {
  throw new Error('from the callback')
}
