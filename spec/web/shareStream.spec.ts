import { expect } from 'chai'
import { map, NEVER, type Observable, of, throwError } from 'rxjs'
import type { Answer, ShareNews, Valid } from '../../lib/web/shareNews.js'
import type { SocketNews } from '../../lib/web/shareSocket.js'
import { recheckInMs, shareStream } from '../../lib/web/shareStream.js'
import { marbles } from '../support/marbles.js'

const hour = 3_600_000
const valid: Valid = {
  type: 'valid',
  expiresAt: hour,
  notBefore: null,
  deviceIds: ['A'],
  lastKnown: null,
  clockAheadMs: 0,
}
const frame = (event: string, data: unknown = {}): SocketNews => ({
  type: 'frame',
  text: JSON.stringify({ event, data }),
})
const closed = (code: number, reason = ''): SocketNews => ({ type: 'closed', code, reason })
const message = frame('message', { data: { DEVICE_ID: 'A', LAT: 20, LON: -100 } })
const ping = frame('ping', { type: 'keep-alive' })

/** The news in short: `waiting 500` until that moment, `ended expired`. */
function inShort(news: ShareNews): string {
  switch (news.type) {
    case 'waiting':
      return `${news.reason} until ${news.until}`
    case 'ended':
      return news.ending
    case 'reported':
      return `${news.report.deviceId} at ${news.report.heardAt}`
    default:
      return news.type
  }
}

interface Case {
  readonly answers?: readonly Answer[]
  /** Each connection as a marble, the last one repeated: o opened, m message, p ping, others from `values`. */
  readonly sockets?: readonly string[]
  readonly values?: Readonly<Record<string, SocketNews>>
  readonly wakes?: string
  readonly until?: string
  /** What comes, in short, each with its moment. */
  readonly gives: readonly (readonly [at: number, news: string])[]
}

function follows({ answers = [valid], sockets = [''], values = {}, wakes, until = '', gives }: Case): void {
  marbles(({ cold, hot }, scheduler) => {
    let asked = 0
    let connected = 0
    const nth = <T>(list: readonly T[], index: number) => list[Math.min(index, list.length - 1)]!
    const news$ = shareStream({
      answerSelector: () => of(nth(answers, asked++)),
      socketSelector: () =>
        cold(nth(sockets, connected++), { o: { type: 'opened' }, m: message, p: ping, ...values }),
      wakes$: wakes === undefined ? NEVER : hot(wakes),
      random: () => 0,
    })
    const seen: [number, string][] = []
    const subscription = news$
      .pipe(map((news) => [scheduler.now(), inShort(news)] as [number, string]))
      .subscribe({ next: (each) => seen.push(each), error: expect.fail })
    if (until !== '') {
      cold(until).subscribe({ complete: () => subscription.unsubscribe(), error: expect.fail })
    }
    scheduler.flush()
    expect(seen).to.deep.equal(gives)
    expect(subscription.closed).to.equal(true)
  })
}

describe('shareStream', () => {
  it('asks, opens the stream, and tells what comes until the share has expired', () => {
    follows({
      sockets: ['-o-p-m-e-c'],
      values: { e: frame('expired', { message: 'Token expired' }), c: closed(1000, 'Token expired') },
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [3, 'opened'],
        [5, 'A at 5'],
        [9, 'expired'],
      ],
    })
  })

  for (const [ending, event, code] of [
    ['revoked', 'revoked', 1008],
    ['arrived', 'arrived', 1000],
  ] as const) {
    it(`ends with ${ending} when the service says so`, () => {
      follows({
        sockets: ['-o-e-c'],
        values: { e: frame(event), c: closed(code) },
        gives: [
          [0, 'connecting'],
          [0, 'valid'],
          [5, ending],
        ],
      })
    })
  }

  it('takes what the token does not permit for final, and opens nothing', () => {
    for (const ending of ['expired', 'revoked', 'invalid'] as const) {
      follows({
        answers: [{ type: 'ended', ending }],
        gives: [
          [0, 'connecting'],
          [0, ending],
        ],
      })
    }
  })

  it('shows no opening that is refused right away', () => {
    follows({
      sockets: ['-o-c'],
      values: { c: closed(1008, 'Token expired') },
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [3, 'expired'],
      ],
    })
  })

  it('tells an opening that nothing follows', () => {
    follows({
      sockets: ['-o'],
      until: '700ms |',
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [601, 'opened'],
      ],
    })
  })

  it('comes back after 1001 when the service said, also when the phone wakes before', () => {
    follows({
      sockets: ['-o-d-c', '-o-p'],
      values: { d: frame('draining', { retry_after_ms: 1234 }), c: closed(1001) },
      wakes: '500ms w',
      until: '2s |',
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [3, 'opened'],
        [5, 'away until 1239'],
        [1239, 'connecting'],
        [1239, 'valid'],
        [1242, 'opened'],
      ],
    })
  })

  it('comes back after 1006, 1011 and 1013 with a growing delay, and asks anew each time', () => {
    follows({
      answers: [valid, valid, valid, { type: 'ended', ending: 'expired' }],
      sockets: ['a', 'b', 'c'],
      values: { a: closed(1006), b: closed(1011), c: closed(1013, 'Too many viewers') },
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [0, 'away until 500'],
        [500, 'connecting'],
        [500, 'valid'],
        [500, 'away until 1500'],
        [1500, 'connecting'],
        [1500, 'valid'],
        [1500, 'busy until 3500'],
        [3500, 'connecting'],
        [3500, 'expired'],
      ],
    })
  })

  it('begins with the short delay again once something arrived', () => {
    follows({
      sockets: ['a', 'p-a', 'e-a'],
      values: { a: closed(1006), e: frame('expired') },
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [0, 'away until 500'],
        [500, 'connecting'],
        [500, 'valid'],
        [500, 'opened'],
        [502, 'away until 1002'],
        [1002, 'connecting'],
        [1002, 'valid'],
        [1004, 'expired'],
      ],
    })
  })

  it('waits as long as the answer asks for', () => {
    follows({
      answers: [
        { type: 'lost', reason: 'away', retryAfterMs: 7_000 },
        { type: 'ended', ending: 'invalid' },
      ],
      gives: [
        [0, 'connecting'],
        [0, 'away until 7000'],
        [7000, 'connecting'],
        [7000, 'invalid'],
      ],
    })
  })

  it('does not wait on when the phone wakes', () => {
    follows({
      answers: [
        { type: 'lost', reason: 'away', retryAfterMs: null },
        { type: 'ended', ending: 'invalid' },
      ],
      wakes: '100ms w',
      gives: [
        [0, 'connecting'],
        [0, 'away until 500'],
        [100, 'connecting'],
        [100, 'invalid'],
      ],
    })
  })

  it('gives a connection up on which not even pings arrive', () => {
    follows({
      sockets: ['-o 24s p 25s p', '-o-c'],
      values: { c: closed(1008, 'Token expired') },
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [601, 'opened'],
        [111_503, 'away until 112003'],
        [112_003, 'connecting'],
        [112_003, 'valid'],
        [112_006, 'expired'],
      ],
    })
  })

  it('gives a connection up that never opens', () => {
    follows({
      answers: [valid, { type: 'ended', ending: 'invalid' }],
      sockets: [''],
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [20_000, 'away until 20500'],
        [20_500, 'connecting'],
        [20_500, 'invalid'],
      ],
    })
  })

  it('gives a connection up when the phone woke and the next keep-alive is overdue, and not before', () => {
    follows({
      answers: [valid, { type: 'ended', ending: 'invalid' }],
      sockets: ['op'],
      wakes: '9s w',
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [1, 'opened'],
        [39_000, 'away until 39500'],
        [39_500, 'connecting'],
        [39_500, 'invalid'],
      ],
    })
    follows({
      sockets: ['op 29s p 25s p'],
      wakes: '5s w 4s w',
      until: '60s |',
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [1, 'opened'],
      ],
    })
  })

  it('asks again when the end should have come, and follows it where it moved', () => {
    follows({
      answers: [
        { ...valid, expiresAt: 10_000 },
        { ...valid, expiresAt: 30_000 },
        { type: 'ended', ending: 'expired' },
      ],
      sockets: ['op 20s p'],
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [1, 'opened'],
        [11_500, 'valid'],
        [31_500, 'expired'],
      ],
    })
  })

  it('asks again when the share begins', () => {
    follows({
      answers: [{ ...valid, notBefore: 5_000 }, valid],
      sockets: ['op'],
      until: '6s |',
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [1, 'opened'],
        [5_000, 'valid'],
      ],
    })
  })

  it('comes back from whatever a browser throws', () => {
    marbles(({ cold }, scheduler) => {
      let connected = 0
      const sockets: Observable<SocketNews>[] = [
        throwError(() => new Error('refused by the browser')),
        cold('c', { c: closed(1008, 'Invalid token') }),
      ]
      const seen: string[] = []
      shareStream({
        answerSelector: () => of(valid),
        socketSelector: () => sockets[connected++]!,
        wakes$: NEVER,
      }).subscribe({ next: (news) => seen.push(news.type), error: expect.fail })
      scheduler.flush()
      expect(seen).to.deep.equal(['connecting', 'valid', 'waiting', 'connecting', 'valid', 'ended'])
    })
  })

  it('passes over what is no frame, and events it does not know', () => {
    follows({
      sockets: ['abcm'],
      values: {
        a: { type: 'frame', text: 'no JSON' },
        b: { type: 'frame', text: '[]' },
        c: frame('of-the-future'),
      },
      until: '10ms |',
      gives: [
        [0, 'connecting'],
        [0, 'valid'],
        [2, 'opened'],
        [3, 'A at 3'],
      ],
    })
  })
})

describe('recheckInMs', () => {
  it('is due at the next instant that matters, and every two minutes', () => {
    expect(recheckInMs(valid, 0)).to.equal(120_000)
    expect(recheckInMs({ ...valid, notBefore: 60_000 }, 0)).to.equal(60_000)
    expect(recheckInMs({ ...valid, notBefore: 60_000 }, 70_000)).to.equal(120_000)
    expect(recheckInMs(valid, hour - 1_000)).to.equal(2_500)
    expect(recheckInMs(valid, hour + 2_000)).to.equal(5_000)
    expect(recheckInMs({ ...valid, expiresAt: null }, 0)).to.equal(120_000)
    expect(recheckInMs({ ...valid, expiresAt: 400 * 24 * hour }, 0)).to.equal(120_000)
  })
})
