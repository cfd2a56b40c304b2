import { expect } from 'chai'
import { map, repeat, type SchedulerLike, take } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { wheel } from '../../lib/operators/index.js'
import { marbles } from '../support/marbles.js'

/** A clock that is `jump` off from its sixth millisecond on. */
const jumping = (scheduler: TestScheduler, jump: number): SchedulerLike => ({
  now: () => scheduler.now() + (scheduler.now() > 5 ? jump : 0),
  schedule: scheduler.schedule.bind<SchedulerLike['schedule']>(scheduler),
})

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
      expectObservable(wheel$.pipe(map(() => 'l')), '--^--------!').toBe('------l---l')
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

  it('wakes only where somebody is due', () => {
    marbles(({ expectObservable, flush }, scheduler) => {
      let looks = 0
      const counting: SchedulerLike = {
        now: () => (looks++, scheduler.now()),
        schedule: scheduler.schedule.bind<SchedulerLike['schedule']>(scheduler),
      }
      const wheel$ = wheel(25_000, 1_000, counting).pipe(map(() => 'x'))
      expectObservable(wheel$, '^ 50s 10ms !').toBe('25s x 24999ms x')
      expectObservable(wheel$, '9990ms ^ 50s 10ms !').toBe('34975ms x 24999ms x')
      flush()
      expect(looks).to.be.within(4, 15)
    })
  })

  it('lets a subscriber leave while it ticks, and spares the others', () => {
    marbles(({ expectObservable }, scheduler) => {
      const wheel$ = wheel(2, 2, scheduler).pipe(map(() => 'x'))
      expectObservable(wheel$, '^--!').toBe('--x')
      expectObservable(wheel$, '^------!').toBe('--x-x-x')
    })
  })

  it('keeps its period where its timer is late each time', () => {
    marbles(({ expectObservable }, scheduler) => {
      // A frame is 1.25 ms of this clock, so a timer of 1 ms takes a quarter longer than it should.
      const late: SchedulerLike = {
        now: () => 1.25 * scheduler.now(),
        schedule: scheduler.schedule.bind<SchedulerLike['schedule']>(scheduler),
      }
      const ticks$ = wheel(8, 8, late).pipe(map(() => 'x'))
      expectObservable(ticks$, '^--------------------------!').toBe('8ms x 5ms x 5.5ms x 5.375ms x')
    })
  })

  it('goes on ticking where the clock is set back', () => {
    marbles(({ expectObservable }, scheduler) => {
      const ticks$ = wheel(4, 4, jumping(scheduler, -1_000_000)).pipe(map(() => 'x'))
      expectObservable(ticks$, '^-------------!').toBe('----x---x---x')
    })
  })

  it('ticks once at the end of a stall, however long it was', () => {
    marbles(({ expectObservable }, scheduler) => {
      const ticks$ = wheel(4, 4, jumping(scheduler, 1_000_000)).pipe(map(() => 'x'))
      expectObservable(ticks$, '^-------------!').toBe('----x---x---x')
    })
  })

  it('lets a subscriber join while it ticks, and ticks it a period later', () => {
    marbles(({ expectObservable }, scheduler) => {
      const ticks$ = wheel(4, 4, scheduler).pipe(
        map(() => 'x'),
        take(1),
        repeat(),
      )
      expectObservable(ticks$, '^------------!').toBe('----x---x---x')
    })
  })

  it('has a timer of its own for each wake: one that repeats would count from before what ticks', () => {
    marbles(({ expectObservable, flush }, scheduler) => {
      const delays: number[] = []
      const noting: SchedulerLike = {
        now: () => scheduler.now(),
        schedule: (work, delay = 0, state) => {
          delays.push(delay)
          return scheduler.schedule(work as never, delay, state)
        },
      }
      expectObservable(wheel(4, 4, noting).pipe(map(() => 'x')), '^---------!').toBe('----x---x')
      flush()
      expect(delays).to.deep.equal([4, 4, 4])
    })
  })

  it('takes a period whose slots are longer than a timer can be', () => {
    marbles(({ expectObservable }, scheduler) => {
      let longest = 0
      const noting: SchedulerLike = {
        now: () => scheduler.now(),
        schedule: (work, delay = 0, state) => {
          longest = Math.max(longest, delay)
          return scheduler.schedule(work as never, delay, state)
        },
      }
      expectObservable(wheel(2 ** 33, 2, noting).pipe(map(() => 'x')), '^-!').toBe('---')
      scheduler.flush()
      expect(longest).to.be.within(1, 2 ** 31 - 1)
    })
  })

  it('spreads those who came together, unless told otherwise, over slots of 25 ms', () => {
    marbles(({ expectObservable }, scheduler) => {
      const wheel$ = wheel(25_000, undefined, scheduler).pipe(map(() => 'x'))
      expectObservable(wheel$, '^ 25010ms !').toBe('25s x')
      expectObservable(wheel$, '30ms ^ 25010ms !').toBe('25025ms x')
      expectObservable(wheel$, '60ms ^ 25010ms !').toBe('25050ms x')
    })
  })

  it('refuses a period below a millisecond, and slots that are no whole number', () => {
    expect(() => wheel(0)).to.throw(RangeError, 'periodMs must be at least 1, got 0')
    expect(() => wheel(0.0001)).to.throw(RangeError, '0.0001')
    expect(() => wheel(NaN)).to.throw(RangeError, 'NaN')
    expect(() => wheel(1, 0)).to.throw(RangeError, 'slots must be a whole number ≥ 1, got 0')
    expect(() => wheel(1, 1.5)).to.throw(RangeError, '1.5')
  })
})
