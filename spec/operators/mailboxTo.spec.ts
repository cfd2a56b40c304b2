import { expect } from 'chai'
import fc from 'fast-check'
import { NEVER, type OperatorFunction, Subject } from 'rxjs'
import { deliver } from '../../lib/operators/deliver.js'
import { heldAccount } from '../../lib/operators/held.js'
import type { MailboxOptions } from '../../lib/operators/inbox.js'
import { mailbox } from '../../lib/operators/index.js'
import { mailboxTo } from '../../lib/operators/mailboxTo.js'
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
})
