import { expect } from 'chai'
import fc from 'fast-check'
import { NEVER, of, type OperatorFunction, Subject, switchMap, take } from 'rxjs'
import { deliver } from '../../lib/operators/deliver.js'
import { heldAccount } from '../../lib/operators/held.js'
import type { InboxOptions, MailboxOptions } from '../../lib/operators/mailboxOptions.js'
import { mailbox } from '../../lib/operators/index.js'
import { mailboxTo } from '../../lib/operators/mailboxTo.js'
import type { Waiter } from '../../lib/operators/turns.js'
import { marbles } from '../support/marbles.js'

type Compose = (
  options: MailboxOptions<string>,
  next: (batch: string[]) => void,
) => OperatorFunction<string, never>

const inOne: Compose = (options, next) => mailboxTo(options, { next })
const inTwo: Compose = (options, next) => (source$) => source$.pipe(mailbox(options), deliver({ next }))

/** What is seen of one that is fed step by step, and whose hand fails at a batch. */
function seenOf(compose: Compose, steps: string, failsAt: number): unknown[] {
  const seen: unknown[] = []
  const source$ = new Subject<string>()
  const release$ = new Subject<void>()
  const account = heldAccount()
  let [canRelease, handed] = [false, 0]
  const options = {
    capacity: 2,
    account,
    canRelease: () => canRelease,
    releaseSelector: () => release$,
  }
  const hand = (batch: string[]) => {
    seen.push(batch)
    if (handed++ === failsAt) throw new Error('from the hand')
  }
  source$.pipe(compose(options, hand)).subscribe({
    next: (value) => seen.push(value),
    error: (error: unknown) => seen.push(String(error)),
    complete: () => seen.push('complete'),
  })
  for (const step of steps) {
    if (step === '!') release$.next()
    else if (step === 'r') canRelease = !canRelease
    else if (step === '|') source$.complete()
    else source$.next(step)
    seen.push({ ...account }, source$.observed, release$.observed)
  }
  return seen
}

function throwing(): never {
  throw new Error('on purpose')
}

/** Gives a turn to each of those who wait. */
function giveTurns(waiters: Waiter[]): void {
  for (const waiter of waiters.splice(0))
    if (waiter.isReady()) waiter.release()
    else waiter.stay()
}

/** What is seen of one that is fed step by step and waits for its turns, or for a release that does what these do. */
function seenInTurns(steps: string, hasTurns: boolean): unknown[] {
  const seen: unknown[] = []
  const source$ = new Subject<string>()
  const turn$ = new Subject<void>()
  const ready$ = new Subject<void>()
  const waiters: Waiter[] = []
  const account = heldAccount()
  let canRelease = false
  const common = { capacity: 2, account, canRelease: () => canRelease }
  const options: InboxOptions<string> = hasTurns
    ? { ...common, turns: { enqueue: (waiter) => waiters.push(waiter) }, releaseSelector: () => ready$ }
    : {
        ...common,
        releaseSelector: () =>
          turn$.pipe(
            take(1),
            switchMap(() => (canRelease ? of('at once') : ready$)),
          ),
      }
  const subscription = source$.pipe(mailboxTo(options, { next: (batch) => seen.push(batch) })).subscribe({
    error: expect.fail,
    complete: () => seen.push('complete'),
  })
  for (const step of steps) {
    if (step === '!') {
      turn$.next()
      giveTurns(waiters)
    } else if (step === 'r') {
      canRelease = !canRelease
      if (canRelease) ready$.next()
    } else if (step === '|') source$.complete()
    else if (step === 'x') subscription.unsubscribe()
    else source$.next(step)
    seen.push({ ...account })
  }
  return seen
}

describe('mailboxTo', () => {
  it('hands each batch on, emits nothing, and completes when all is handed', () => {
    const handed: string[][] = []
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(' a-b-c----d|  ')
      const first$ = cold('  ----x        ')
      const second$ = cold('          ---x')
      const sourceSubs = '   ^---------!  '
      const secondSubs = '   ---------^--!'
      const expected = '     ------------|'
      const releases = [first$, second$]
      const options = { capacity: 2, releaseSelector: () => releases.shift() ?? NEVER }
      expectObservable(source$.pipe(mailboxTo(options, { next: (batch) => handed.push(batch) }))).toBe(
        expected,
      )
      expectSubscriptions(source$.subscriptions).toBe(sourceSubs)
      expectSubscriptions(second$.subscriptions).toBe(secondSubs)
    })
    expect(handed).to.deep.equal([['a', 'b'], ['d']])
  })

  it('refuses what mailbox refuses', () => {
    const options = { capacity: 0, releaseSelector: () => NEVER }
    expect(() => mailboxTo(options, { next: () => undefined })).to.throw(RangeError, 'got 0')
  })

  for (const [how, steps] of [
    ['that is released', 'a!'],
    ['that is released early', 'rabc'],
  ] as const)
    it(`makes its own error of a throw at a batch ${how}`, () => {
      expect(seenOf(inOne, steps, 0)).to.include('Error: from the hand')
    })

  it('is mailbox and deliver', () => {
    const steps = fc.string({ unit: fc.constantFrom(...'aaabbb!!r|'), maxLength: 20 })
    fc.assert(
      fc.property(steps, fc.nat(6), (fed, failsAt) => {
        expect(seenOf(inOne, fed, failsAt)).to.deep.equal(seenOf(inTwo, fed, failsAt))
      }),
      { numRuns: 2_000 },
    )
  })

  it('counts and tells as discarded what nobody took, and what it held when the end came', () => {
    const account = heldAccount()
    const source$ = new Subject<string>()
    const release$ = new Subject<void>()
    const discarded: number[] = []
    const options = {
      capacity: 2,
      account,
      releaseSelector: () => release$,
      onDiscarded: (count: number) => discarded.push(count),
    }
    const subscription = source$
      .pipe(mailboxTo(options, { next: () => false }))
      .subscribe({ error: expect.fail })
    source$.next('a')
    release$.next()
    expect(account).to.include({ routed: 1, delivered: 0, discarded: 1 })
    source$.next('b')
    source$.next('c')
    subscription.unsubscribe()
    expect(account).to.include({ routed: 3, delivered: 0, discarded: 3 })
    expect(discarded).to.deep.equal([1, 2])
  })

  describe('that waits for its turns', () => {
    const turned = (options: Partial<InboxOptions<string>> = {}) => {
      const source$ = new Subject<string>()
      const waiters: Waiter[] = []
      const batches: string[][] = []
      const turns = { enqueue: (waiter: Waiter) => waiters.push(waiter) }
      source$
        .pipe(
          mailboxTo(
            { capacity: 1, canRelease: () => true, releaseSelector: () => NEVER, turns, ...options },
            { next: (batch) => batches.push(batch) },
          ),
        )
        .subscribe({ error: expect.fail })
      return { source$, waiters, batches }
    }

    it('is one whose release is its turn, or comes after it where it could not be released then', () => {
      const steps = fc.string({ unit: fc.constantFrom(...'aaabbb!!rr|x'), maxLength: 20 })
      fc.assert(
        fc.property(steps, (fed) => {
          expect(seenInTurns(fed, true)).to.deep.equal(seenInTurns(fed, false))
        }),
        { numRuns: 2_000 },
      )
    })

    it('asks nobody whether it can be released before its turn has come', () => {
      let asked = 0
      const canRelease = () => ++asked > 0
      const { source$, waiters, batches } = turned({ canRelease })
      source$.next('a')
      expect(asked).to.equal(0)
      giveTurns(waiters)
      expect(asked).to.equal(1)
      expect(batches).to.deep.equal([['a']])
    })

    for (const [what, options] of [
      ['canRelease', { canRelease: throwing }],
      ['releaseSelector', { canRelease: () => false, releaseSelector: throwing }],
    ] as const)
      it(`makes its own error of a throw in ${what}`, () => {
        const source$ = new Subject<string>()
        const waiters: Waiter[] = []
        const errors: unknown[] = []
        const all = {
          capacity: 1,
          releaseSelector: () => NEVER,
          turns: { enqueue: (waiter: Waiter) => waiters.push(waiter) },
          ...options,
        }
        source$
          .pipe(mailboxTo(all, { next: () => expect.fail() }))
          .subscribe({ error: (error: unknown) => errors.push(error) })
        source$.next('a')
        giveTurns(waiters)
        expect(errors.map(String)).to.deep.equal(['Error: on purpose'])
        expect(source$.observed).to.equal(false)
      })

    it('says how many it let go', () => {
      const { source$, waiters } = turned({ capacity: 3 })
      for (const value of 'abc') source$.next(value)
      expect(waiters.pop()?.release()).to.equal(3)
    })

    it('has one place, however often it leaves early', () => {
      const { source$, waiters, batches } = turned()
      for (const value of 'abc') source$.next(value)
      expect(waiters).to.have.length(1)
      giveTurns(waiters)
      expect(batches).to.deep.equal([['a'], ['b'], ['c']])
      source$.next('d')
      expect(waiters).to.have.length(1)
    })

    it('lets nothing go in its turn where an early batch filled the socket meanwhile', () => {
      const ready$ = new Subject<void>()
      let isFull = false
      const { source$, waiters, batches } = turned({
        canRelease: () => !isFull,
        releaseSelector: () => ready$,
      })
      source$.next('a')
      source$.next('b')
      isFull = true
      giveTurns(waiters)
      expect(batches).to.deep.equal([['a']])
      ready$.next()
      expect(batches).to.deep.equal([['a'], ['b']])
    })
  })
})
