import { expect } from 'chai'
import { map } from 'rxjs'
import { wheel } from '../../lib/operators/index.js'
import { marbles } from '../support/marbles.js'

describe('wheel', () => {
  it('ticks once a period for each subscriber, and never completes', () => {
    marbles(({ expectObservable }, scheduler) => {
      const ticks$ = wheel(4, 4, scheduler).pipe(map(() => 'x'))
      expectObservable(ticks$, '^------------!').toBe('----x---x---x')
    })
  })

  it('ticks each at its own time, from one timer', () => {
    marbles(({ expectObservable }, scheduler) => {
      const wheel$ = wheel(4, 4, scheduler)
      expectObservable(wheel$.pipe(map(() => 'e')), '^--------!').toBe('----e---e')
      expectObservable(wheel$.pipe(map(() => 'l')), '--^--------!').toBe('-----l---l')
    })
  })

  it('comes within one slot before the end of the first period, where it turns already', () => {
    marbles(({ expectObservable }, scheduler) => {
      const wheel$ = wheel(8, 4, scheduler).pipe(map(() => 'x'))
      expectObservable(wheel$, '^------------------!').toBe('--------x-------x')
      expectObservable(wheel$, '---^---------------!').toBe('----------x-------x')
    })
  })

  it('schedules nothing while nobody is subscribed', () => {
    marbles((_helpers, scheduler) => {
      const subscription = wheel(4, 4, scheduler).subscribe({ error: expect.fail })
      expect(scheduler.actions).to.have.length(1)
      subscription.unsubscribe()
      scheduler.flush()
      expect(scheduler.now()).to.equal(0)
    })
  })

  it('lets a subscriber leave while it ticks, and spares the others', () => {
    marbles(({ expectObservable }, scheduler) => {
      const wheel$ = wheel(2, 2, scheduler).pipe(map(() => 'x'))
      expectObservable(wheel$, '^--!').toBe('--x')
      expectObservable(wheel$, '^------!').toBe('--x-x-x')
    })
  })

  it('refuses a period that is not above 0, and slots that are no whole number', () => {
    expect(() => wheel(0)).to.throw(RangeError, 'periodMs must be above 0, got 0')
    expect(() => wheel(NaN)).to.throw(RangeError, 'NaN')
    expect(() => wheel(1, 0)).to.throw(RangeError, 'slots must be a whole number ≥ 1, got 0')
    expect(() => wheel(1, 1.5)).to.throw(RangeError, '1.5')
  })
})
