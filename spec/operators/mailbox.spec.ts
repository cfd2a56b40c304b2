import { expect } from 'chai'
import fc from 'fast-check'
import { audit, defer, finalize, map, mergeAll, NEVER, of, Subject, switchMap, take, timer } from 'rxjs'
import { heldAccount, type OverflowStrategy } from '../../lib/operators/held.js'
import { mailbox, type MailboxOptions, OverflowError } from '../../lib/operators/index.js'
import { marbles } from '../support/marbles.js'
import { keepsTheOperatorContract, throwFromTheCallback } from '../support/operatorContract.js'

const letters = (batch: string) => [...batch]

describe('mailbox', () => {
  it('releases what it holds as one batch, and drops the newest when full', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(' a-b-c----d---|')
      const first$ = cold('  ----x         ')
      const second$ = cold('          --x  ')
      const sourceSubs = '   ^------------!'
      const firstSubs = '    ^---!'
      const secondSubs = '   ---------^-!'
      const expected = '     ----y------z-|'
      const releases = [first$, second$]
      const result$ = source$.pipe(mailbox({ capacity: 2, releaseSelector: () => releases.shift() ?? NEVER }))
      expectObservable(result$).toBe(expected, { y: letters('ab'), z: letters('d') })
      expectSubscriptions(source$.subscriptions).toBe(sourceSubs)
      expectSubscriptions(first$.subscriptions).toBe(firstSubs)
      expectSubscriptions(second$.subscriptions).toBe(secondSubs)
    })
  })

  const marble = (overflow: OverflowStrategy, batch: string) => {
    marbles(({ cold, expectObservable }) => {
      const source$ = cold('  abcd------')
      const release$ = cold(' -----x    ')
      const result$ = source$.pipe(mailbox({ capacity: 2, overflow, releaseSelector: () => release$ }))
      expectObservable(result$).toBe('-----y', { y: letters(batch) })
    })
  }

  it('drops the oldest when full', () => marble('dropOldest', 'cd'))
  it('holds the newest alone under latest', () => marble('latest', 'd'))

  it('ends with OverflowError when full under disconnect', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(' abcd------')
      const subs = '         ^-!       '
      const expected = '     --#       '
      const options = { capacity: 2, overflow: 'disconnect', releaseSelector: () => NEVER } as const
      expectObservable(source$.pipe(mailbox(options))).toBe(expected, {}, new OverflowError())
      expectSubscriptions(source$.subscriptions).toBe(subs)
    })
  })

  it('gives each key a share of its own', () => {
    marbles(({ cold, expectObservable }) => {
      const source$ = cold('  aAbBcC----')
      const release$ = cold(' -------x  ')
      const options = {
        capacity: 2,
        keySelector: (letter: string) => (letter < 'a' ? 'upper' : 'lower'),
        releaseSelector: () => release$,
      }
      const result$ = source$.pipe(
        mailbox(options),
        map((batch) => [...batch].sort()),
      )
      expectObservable(result$).toBe('-------y', { y: letters('ABab') })
    })
  })

  it('keeps what it holds when the source completes, until the release', () => {
    marbles(({ cold, expectObservable }) => {
      const source$ = cold('  ab|    ')
      const release$ = cold(' ----x  ')
      const expected = '      ----(y|)'
      const result$ = source$.pipe(mailbox({ capacity: 2, releaseSelector: () => release$ }))
      expectObservable(result$).toBe(expected, { y: letters('ab') })
    })
  })

  it('holds no more bytes than it may; the strategy then applies to the key that arrives', () => {
    const held = (overflow: OverflowStrategy, values: string[]) => {
      const source$ = new Subject<string>()
      const release$ = new Subject<void>()
      const batches: string[][] = []
      const dropped: string[] = []
      source$
        .pipe(
          mailbox({
            capacity: 10,
            maxBytes: 10,
            overflow,
            keySelector: (value) => value.charAt(0),
            bytesSelector: (value) => value.length,
            releaseSelector: () => release$,
            onDropped: (value) => dropped.push(value),
          }),
        )
        .subscribe({ next: (batch) => batches.push(batch), error: expect.fail })
      for (const value of values) source$.next(value)
      release$.next()
      return { batch: batches[0], dropped }
    }
    const values = ['aaaa', 'bbb', 'aa', 'bbbb', 'b']
    expect(held('dropNewest', values)).to.deep.equal({ batch: ['aaaa', 'aa', 'bbb', 'b'], dropped: ['bbbb'] })
    expect(held('dropOldest', values)).to.deep.equal({ batch: ['aaaa', 'aa', 'b'], dropped: ['bbb', 'bbbb'] })
    expect(held('dropOldest', ['aaaa', 'bbb', 'c'.repeat(11)])).to.deep.equal({
      batch: ['aaaa', 'bbb'],
      dropped: ['c'.repeat(11)],
    })
  })

  it('releases an empty batch where a value could not be held at all, so that the loss can be told', () => {
    marbles(({ cold, expectObservable }) => {
      const source$ = cold('  a----')
      const release$ = cold(' --x  ')
      const options = { capacity: 1, maxBytes: 1, bytesSelector: () => 2, releaseSelector: () => release$ }
      expectObservable(source$.pipe(mailbox(options))).toBe('--y', { y: [] })
    })
  })

  it('lets nothing go at a release that completes silently, and asks for another at the next value', () => {
    marbles(({ cold, expectObservable }) => {
      const source$ = cold('  a---b---')
      const silent$ = cold('  --|')
      const second$ = cold('      --x')
      const releases = [silent$, second$]
      const result$ = source$.pipe(mailbox({ capacity: 2, releaseSelector: () => releases.shift() ?? NEVER }))
      expectObservable(result$).toBe('------y', { y: letters('ab') })
    })
  })

  it('releases early what could be taken at once, rather than let something give way', () => {
    marbles(({ cold, expectObservable }) => {
      const source$ = cold('  abcde-----')
      const release$ = cold('   ---x    ')
      const expected = '      --y-z--w  '
      const options = { capacity: 2, releaseSelector: () => release$, canRelease: () => true }
      const result$ = source$.pipe(mailbox(options))
      expectObservable(result$).toBe(expected, { y: letters('ab'), z: letters('cd'), w: letters('e') })
    })
  })

  it('discards what comes in the call that ends it by an early release, and asks for no other', () => {
    const source$ = new Subject<string>()
    const account = heldAccount()
    let asked = 0
    const options = {
      capacity: 1,
      account,
      canRelease: () => true,
      releaseSelector: () => {
        asked++
        return NEVER
      },
    }
    source$.pipe(mailbox(options), take(1)).subscribe({ error: expect.fail })
    source$.next('a')
    source$.next('b')
    expect(account).to.deep.equal({ routed: 2, delivered: 1, dropped: 0, discarded: 1, waiting: 0 })
    expect(asked).to.equal(1)
  })

  describe('loses nothing untold', () => {
    const told = (
      feed: (source$: Subject<string>, release$: Subject<void>) => void,
      options: Partial<MailboxOptions<string>>,
      onBatch: (source$: Subject<string>) => void = () => undefined,
    ) => {
      const source$ = new Subject<string>()
      const release$ = new Subject<void>()
      const account = heldAccount()
      const batches: string[][] = []
      const all = { capacity: 1, account, releaseSelector: () => release$, ...options }
      source$.pipe(mailbox(all)).subscribe({
        next(batch) {
          batches.push(batch)
          onBatch(source$)
        },
        error: expect.fail,
      })
      feed(source$, release$)
      release$.next()
      release$.next()
      return { batches, account }
    }
    const feedAll = (values: string[]) => (source$: Subject<string>) => {
      for (const value of values) source$.next(value)
    }

    it('after a value that is too large by itself', () => {
      const options = { capacity: 10, maxBytes: 5, bytesSelector: (value: string) => value.length }
      const { batches, account } = told(feedAll(['toolong', 'a', 'b']), options)
      expect(batches).to.deep.equal([letters('ab')])
      expect(account).to.include({ routed: 3, delivered: 2, dropped: 1, waiting: 0 })
    })

    it('where who is handed a batch feeds the source', () => {
      let isFed = false
      const { batches, account } = told(feedAll(letters('ab')), { canRelease: () => true }, (source$) => {
        if (isFed) return
        isFed = true
        source$.next('f')
      })
      expect(account).to.include({ routed: 3, waiting: 0 })
      expect(account.delivered + account.dropped).to.equal(3)
      expect(batches.flat()).to.have.length(account.delivered)
    })

    it('where who is told of a loss feeds the source', () => {
      let feed = (_value: string): void => undefined
      let isFed = false
      const onDropped = () => {
        if (!isFed) feed('f')
        isFed = true
      }
      const { batches, account } = told(
        (source$) => {
          feed = (value) => source$.next(value)
          feedAll(letters('ab'))(source$)
        },
        { overflow: 'dropOldest', onDropped },
      )
      expect(account).to.include({ routed: 3, waiting: 0 })
      expect(account.delivered + account.dropped).to.equal(3)
      expect(batches.flat()).to.have.length(account.delivered)
    })

    it('where who is told of a loss ends it', () => {
      const source$ = new Subject<string>()
      const account = heldAccount()
      let asked = 0
      const releaseSelector = () => (asked++, NEVER)
      const onDropped = () => subscription.unsubscribe()
      const options = { capacity: 1, overflow: 'dropOldest', account, releaseSelector, onDropped } as const
      const subscription = source$.pipe(mailbox<string>(options)).subscribe({ error: expect.fail })
      feedAll(letters('ab'))(source$)
      expect(account).to.deep.equal({ routed: 2, delivered: 0, dropped: 1, discarded: 1, waiting: 0 })
      expect(asked).to.equal(1)
    })
  })

  it('counts what it discards when it is unsubscribed', () => {
    const account = heldAccount()
    const source$ = new Subject<string>()
    const subscription = source$
      .pipe(mailbox({ capacity: 2, account, releaseSelector: () => NEVER }))
      .subscribe({ error: expect.fail })
    for (const value of letters('abc')) source$.next(value)
    expect(account).to.deep.equal({ routed: 3, delivered: 0, dropped: 1, discarded: 0, waiting: 2 })
    subscription.unsubscribe()
    expect(account).to.deep.equal({ routed: 3, delivered: 0, dropped: 1, discarded: 2, waiting: 0 })
    expect(source$.observed).to.equal(false)
  })

  it('counts what it discards when it is unsubscribed after its source has completed', () => {
    const account = heldAccount()
    const source$ = new Subject<string>()
    const release$ = new Subject<void>()
    const subscription = source$
      .pipe(mailbox({ capacity: 2, account, releaseSelector: () => release$ }))
      .subscribe({ error: expect.fail })
    source$.next('a')
    source$.complete()
    expect(account).to.deep.equal({ routed: 1, delivered: 0, dropped: 0, discarded: 0, waiting: 1 })
    subscription.unsubscribe()
    expect(account).to.deep.equal({ routed: 1, delivered: 0, dropped: 0, discarded: 1, waiting: 0 })
    expect(release$.observed).to.equal(false)
  })

  it('discards and lets its release go, though a teardown of its source throws', () => {
    const account = heldAccount()
    const source$ = new Subject<string>()
    const release$ = new Subject<void>()
    const throwing$ = source$.pipe(
      finalize(() => {
        throw new Error('a teardown')
      }),
    )
    const subscription = throwing$
      .pipe(mailbox({ capacity: 2, account, releaseSelector: () => release$ }))
      .subscribe({ error: expect.fail })
    source$.next('a')
    expect(() => subscription.unsubscribe()).to.throw('a teardown')
    expect(account).to.deep.equal({ routed: 1, delivered: 0, dropped: 0, discarded: 1, waiting: 0 })
    expect(release$.observed).to.equal(false)
  })

  it('tears its source down where it was ended before it began', () => {
    let subscribed = 0
    const source$ = defer(() => {
      subscribed++
      return NEVER
    })
    const outer$ = new Subject<void>()
    const subscription = outer$
      .pipe(
        switchMap(() => {
          subscription.unsubscribe()
          return source$.pipe(mailbox({ capacity: 2, releaseSelector: () => NEVER }))
        }),
      )
      .subscribe({ error: expect.fail })
    outer$.next()
    expect(outer$.observed).to.equal(false)
    expect(subscribed).to.equal(1)
  })

  it('refuses a capacity below 1 and bytes below 0, naming the value', () => {
    const releaseSelector = () => NEVER
    expect(() => mailbox({ capacity: 0, releaseSelector })).to.throw(
      RangeError,
      'capacity must be at least 1, got 0',
    )
    expect(() => mailbox({ capacity: NaN, releaseSelector })).to.throw(RangeError, 'NaN')
    expect(() => mailbox({ capacity: 1, maxBytes: -1, releaseSelector })).to.throw(RangeError, 'got -1')
  })

  keepsTheOperatorContract(
    () => mailbox({ capacity: 2, releaseSelector: () => of(0) }),
    () => mailbox({ capacity: 2, releaseSelector: throwFromTheCallback }),
  )

  describe('laws', () => {
    const asAudit = (overflow: OverflowStrategy, source: string, release: string) => {
      marbles(({ cold, hot, expectObservable }) => {
        const source$ = hot(source)
        const options: MailboxOptions<string> = {
          capacity: 1,
          overflow,
          releaseSelector: () => cold(release),
        }
        const ours$ = source$.pipe(mailbox(options), mergeAll())
        expectObservable(ours$).toEqual(source$.pipe(audit(() => cold(release))))
      })
    }
    for (const overflow of ['dropOldest', 'latest'] as const) {
      it(`is audit, with capacity 1 and ${overflow}`, () => {
        asAudit(overflow, 'abc-d-efg-|    ', '--x')
        asAudit(overflow, 'abc-d-efg-|    ', '--|')
        asAudit(overflow, 'abc-d-efg-#    ', '---x')
        asAudit(overflow, 'a-b---|        ', '--#')
        asAudit(overflow, 'a-b-c-d-|      ', '(x|)')
        fc.assert(
          fc.property(
            fc.string({ unit: fc.constantFrom('-', 'a', 'b'), maxLength: 12 }),
            fc.nat(4),
            (values, delay) => asAudit(overflow, `${values}|`, `${'-'.repeat(delay)}x`),
          ),
        )
      })
    }

    it('is its source, released at once', () => {
      marbles(({ cold, expectObservable }) => {
        const source$ = cold('a-bc--(de)-|')
        const options = { capacity: 1, releaseSelector: () => of(0) }
        expectObservable(source$.pipe(mailbox(options), mergeAll())).toEqual(source$)
      })
    })

    it('loses nothing untold: delivered + dropped + waiting = routed, per key and in order', () => {
      const strategies = ['dropNewest', 'dropOldest', 'latest'] as const
      const step = fc.oneof(
        { weight: 5, arbitrary: fc.record({ key: fc.constantFrom('a', 'b', 'c'), bytes: fc.nat(20) }) },
        { weight: 1, arbitrary: fc.constant('release' as const) },
      )
      const property = fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.constantFrom(...strategies),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 20, max: 200 }),
        (steps, overflow, capacity, maxBytes) => {
          const source$ = new Subject<{ key: string; bytes: number; at: number }>()
          const release$ = new Subject<void>()
          const account = heldAccount()
          const seen: { key: string; at: number }[] = []
          let dropped = 0
          let sent = 0
          source$
            .pipe(
              mailbox({
                capacity,
                maxBytes,
                overflow,
                account,
                keySelector: ({ key }) => key,
                bytesSelector: ({ bytes }) => bytes,
                releaseSelector: () => release$,
                onDropped: () => dropped++,
              }),
            )
            .subscribe({
              next(batch) {
                const limit = overflow === 'latest' ? 1 : capacity
                for (const key of ['a', 'b', 'c']) {
                  expect(batch.filter((value) => value.key === key).length).to.be.at.most(limit)
                }
                expect(batch.reduce((sum, { bytes }) => sum + bytes, 0)).to.be.at.most(maxBytes)
                seen.push(...batch)
              },
              error: expect.fail,
            })
          for (const next of steps) {
            if (next === 'release') release$.next()
            else source$.next({ ...next, at: sent++ })
            expect(account.routed).to.equal(account.delivered + account.dropped + account.waiting)
          }
          release$.next()
          expect(seen.length + dropped).to.equal(sent)
          for (const key of ['a', 'b', 'c']) {
            const places = seen.filter((value) => value.key === key).map(({ at }) => at)
            expect(places).to.deep.equal([...places].sort((a, b) => a - b))
          }
        },
      )
      fc.assert(property, { numRuns: 300 })
    })
  })

  it('does what its docstring says', () => {
    marbles(({ cold, expectObservable }) => {
      const source$ = cold(
        '0123456789-',
        Object.fromEntries([...'0123456789'].map((digit) => [digit, Number(digit)])),
      )
      const batches$ = source$.pipe(mailbox({ capacity: 5, releaseSelector: () => timer(9) }))
      expectObservable(batches$, '---------- !').toBe('---------y', { y: [0, 1, 2, 3, 4] })
    })
  })
})
