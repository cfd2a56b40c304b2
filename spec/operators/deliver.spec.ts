import { expect } from 'chai'
import { deliver } from '../../lib/operators/deliver.js'
import { marbles } from '../support/marbles.js'

describe('deliver', () => {
  it('hands each value on, emits nothing, and ends as its source does', () => {
    const handed: string[] = []
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('a-b-|')
      expectObservable(source$.pipe(deliver({ next: (value) => handed.push(value) }))).toBe('----|')
      expectObservable(cold('-#').pipe(deliver({ next: () => undefined }))).toBe('-#')
      expectSubscriptions(source$.subscriptions).toBe('^---!')
    })
    expect(handed).to.deep.equal(['a', 'b'])
  })

  it('makes a throw of who is handed it its error', () => {
    marbles(({ cold, expectObservable }) => {
      const broken = new Error('broken')
      const source$ = cold('-a-b').pipe(
        deliver({
          next() {
            throw broken
          },
        }),
      )
      expectObservable(source$).toBe('-#', {}, broken)
    })
  })
})
