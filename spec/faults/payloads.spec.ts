import { expect } from 'chai'
import { of, Subject } from 'rxjs'
import { decode } from '../../lib/feed/decode.js'
import { deviceStreams } from '../../lib/feed/deviceStreams.js'
import type { Envelope } from '../../lib/feed/envelope.js'
import { createCounters } from '../../lib/stats/counters.js'
import { memoryLastKnown } from '../../lib/stores/memoryLastKnown.js'
import { type Client, openClient } from '../support/client.js'
import { envelopeOf } from '../support/envelopes.js'
import { eventually } from '../support/eventually.js'
import { marbles } from '../support/marbles.js'
import { startMosquitto } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { run } from '../support/process.js'
import { message, startPublisher } from '../support/publisher.js'
import { type Rig, startRig } from '../support/rig.js'
import { startService } from '../support/service.js'

describe('faults of payloads', () => {
  let rig: Rig
  let witness: Client
  before(async () => {
    rig = await startRig()
    witness = await openClient(rig.url('witness'))
  })
  // The process runs, other sessions' messages arrive, counters are right.
  afterEach(async () => {
    await rig.paho.publish(message('witness'))
    expect(await witness.next(({ event }) => event === 'message')).to.deep.include({
      data: message('witness'),
    })
  })
  after(closeAll)

  async function counts(): Promise<Record<string, number>> {
    const all: Record<string, number> = {}
    for (const [name, value] of await rig.service.metrics()) {
      const [, reason] = /^afluente_malformed_total\{reason="(\w+)"\}$/.exec(name) ?? []
      if (reason !== undefined) all[reason] = value
    }
    return { ...all, routed: (await rig.service.stats()).total_messages_processed }
  }

  /** Publishes, and tells what the counters say that became of it. */
  async function outcome(...payloads: (string | Buffer)[]): Promise<Record<string, number>> {
    const before = await counts()
    for (const payload of payloads) await rig.paho.publish(payload)
    // One connection keeps the order: when this one has come, so have they.
    await rig.paho.publish(message('witness', { barrier: true }))
    await witness.next(({ data }) => (data.data as { barrier?: boolean }).barrier === true)
    const changes = Object.entries(await counts()).map(
      ([name, count]) => [name, count - (before[name] ?? 0)] as const,
    )
    const { routed = 0, ...malformed } = Object.fromEntries(changes.filter(([, change]) => change !== 0))
    return routed > 1 ? { routed: routed - 1, ...malformed } : malformed
  }

  /** What a session that watches these devices gets of some payloads: their texts. */
  async function received(deviceIds: string, ...payloads: (string | Buffer)[]): Promise<string[]> {
    const client = await openClient(rig.url(`${deviceIds},last`))
    for (const payload of payloads) await rig.paho.publish(payload)
    await rig.paho.publish('{"data":{"DEVICE_ID":"last"}}')
    await client.next((_frame, text) => text.endsWith('{"data":{"DEVICE_ID":"last"}}}'))
    await client.close()
    return client.texts.slice(0, -1).map((text) => text.slice('{"event":"message","data":'.length, -1))
  }

  it('row 13: bad JSON, empty, null, a number, an array, a string: dropped, counted by reason', async () => {
    expect(await outcome('{', '{"data":', '', ' ', 'undefined', "{'a':1}")).to.deep.equal({ bad_json: 6 })
    expect(await outcome('null', '42', '[{"data":{"DEVICE_ID":"A"}}]', '"A"')).to.deep.equal({
      not_an_object: 4,
    })
  })

  it('row 14: invalid UTF-8: dropped', async () => {
    const around = (...bytes: number[]) =>
      Buffer.concat([Buffer.from('{"data":{"DEVICE_ID":"A","x":"'), Buffer.from(bytes), Buffer.from('"}}')])
    // A stray byte, a cut sequence, an overlong form, a surrogate, beyond U+10FFFF.
    const bad = [[0xff], [0xe2, 0x82], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]
    expect(await outcome(...bad.map((bytes) => around(...bytes)))).to.deep.equal({ bad_utf8: bad.length })
    expect(await received('A', around(0xff), around(0xf0, 0x9f, 0x9a, 0x9a))).to.deep.equal([
      '{"data":{"DEVICE_ID":"A","x":"🚚"}}',
    ])
  })

  it('row 15: a byte-order mark, NaN, Infinity: dropped as bad_json', async () => {
    const payloads = [
      `\ufeff${JSON.stringify(message('A'))}`,
      '{"data":{"DEVICE_ID":"A","SPEED":NaN}}',
      '{"data":{"DEVICE_ID":"A","SPEED":-Infinity}}',
    ]
    expect(await outcome(...payloads)).to.deep.equal({ bad_json: 3 })
  })

  it('row 16: nesting 100,000 deep: dropped, never a stack overflow, alive', async () => {
    const depth = 100_000
    const open = '{"data":{"DEVICE_ID":"A"},"x":'
    const arrays = `${open}${'['.repeat(depth)}${']'.repeat(depth)}}`
    const objects = `${open}${'{"a":'.repeat(depth / 4)}1${'}'.repeat(depth / 4)}}`
    const outcomes = await outcome(arrays, objects, '['.repeat(depth), '{"a":'.repeat(depth / 4))
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).to.equal(4)
    expect(outcomes).to.not.have.any.keys('routed', 'oversize')
    expect(rig.service.output()).to.not.match(/Uncaught|RangeError|pipeline failed/)
  })

  it('row 17: DEVICE_ID twice is routed by the one that JSON.parse shows; escapes in its name route the same', async () => {
    const twice = '{"data":{"DEVICE_ID":"first","DEVICE_ID":"second"}}'
    const data = '{"data":{"DEVICE_ID":"first"},"data":{"DEVICE_ID":"second"}}'
    const escaped = '{"data":{"DEVICE\\u005fID":"second","LAT":1.0}}'
    expect(await received('first', twice, data, escaped)).to.deep.equal([])
    expect(await received('second', twice, data, escaped)).to.deep.equal([twice, data, escaped])
  })

  it('row 18: a numeric id routes as its text; what is no id is dropped; spaces belong to an id', async () => {
    const of = (id: string) => `{"data":{"DEVICE_ID":${id}}}`
    expect(await received('0,42,9007199254740991', of('0'), of('42'), of('9007199254740991'))).to.have.length(
      3,
    )
    const bad = ['-1', '1.5', '9007199254740992', '1e400', 'true', 'false', 'null', '{}', '[]', '["A"]', '""']
    const long = JSON.stringify('x'.repeat(257))
    expect(await outcome(...[...bad, long].map(of))).to.deep.equal({ bad_device: bad.length + 1 })
    expect(await outcome(of('" A "'), of(JSON.stringify('x'.repeat(256))))).to.deep.equal({ routed: 2 })
    expect(await received('A', of('" A "'), of('"A"'))).to.deep.equal([of('"A"')])
  })

  it('row 19: __proto__, constructor, toString as ids are ordinary; ({}).x stays undefined', async () => {
    const ids = ['__proto__', 'constructor', 'toString', 'prototype', 'valueOf']
    const payloads = ids.map((id) => `{"__proto__":{"x":1},"data":{"DEVICE_ID":"${id}","__proto__":{"x":1}}}`)
    expect(await received(ids.join(), ...payloads)).to.deep.equal(payloads)
    const client = await openClient(rig.url(ids.join()))
    const watched = async () => (await rig.service.stats()).active_subscribers
    await eventually(watched, (count) => count === 1 + ids.length)
    await client.close()
    // The same code in this process, where its prototypes can be looked at.
    of(...payloads.map((payload) => ({ topic: '__proto__', payload: Buffer.from(payload) })))
      .pipe(decode())
      .subscribe({ error: expect.fail })
    expect(({} as Record<string, unknown>).x).to.equal(undefined)
  })

  it('row 19: __proto__ and constructor as topics are ordinary', async () => {
    const topical = await startRig({ BROKER_TOPIC: '__proto__/+,constructor', DEVICE_ID_PATH: 'topic:0' })
    const client = await openClient(topical.url('__proto__,constructor'))
    await topical.paho.publish('{"n":1}', '__proto__/toString')
    await topical.paho.publish('{"n":2}', 'constructor')
    expect(await client.messages(2)).to.deep.equal([
      { event: 'message', data: { n: 1 } },
      { event: 'message', data: { n: 2 } },
    ])
  })
})

describe('faults of payloads: ids seen once', () => {
  afterEach(closeAll)

  it('row 20: 200,000 ids seen once each: no group outlives its idle time, and memory returns', async function () {
    this.timeout(120_000)
    const broker = await startMosquitto()
    const collect =
      'let times = 0; process.on("SIGUSR2", () => { globalThis.gc(); console.log(`collected ${++times} times`) })'
    const service = await startService(
      { BROKER_HOST: broker.address, DEVICE_IDLE_SECS: '0.5', LAST_KNOWN_MAX_DEVICES: '100' },
      ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(collect)}`],
    )
    await service.printed(/Bridge MQTT → WebSocket activo/)
    const client = await openClient(`${service.ws}/api/v1/stream?device_ids=kept`)

    let collections = 0
    /** Heap in use when all groups are gone and garbage is collected; the last word when it stops falling. */
    async function settledHeap(): Promise<number> {
      await eventually(
        async () => (await service.metrics()).get('afluente_device_actors'),
        (actors) => actors === 1, // the one that is watched
      )
      let least = Infinity
      for (;;) {
        service.child.kill('SIGUSR2')
        await service.printed(new RegExp(`collected ${++collections} times`))
        const heap = (await service.metrics()).get('afluente_heap_used_bytes') ?? NaN
        if (heap > 0.99 * least) return least
        least = heap
      }
    }

    let sent = 0
    async function publishOnce(count: number): Promise<void> {
      const args = ['-h', '127.0.0.1', '-p', String(broker.port), '-t', 'tracking/data', '-l']
      const publisher = run('mosquitto_pub', args, { stdio: ['pipe', 'pipe', 'pipe'] })
      const lines = Array.from({ length: count }, () => `{"data":{"DEVICE_ID":"once ${sent++}"}}\n`)
      publisher.child.stdin?.end(lines.join(''))
      expect(await publisher.exited).to.equal(0)
      await eventually(
        () => service.stats(),
        ({ total_messages_processed }) => total_messages_processed === sent,
        60_000,
      )
    }

    await publishOnce(20_000)
    const before = await settledHeap()
    await publishOnce(200_000)
    const after = await settledHeap()
    // A group that stayed would be more than 500 bytes, which makes 100 MB of 200,000.
    expect(after - before).to.be.below(10_000_000)
    await (await startPublisher(broker)).publish(message('kept'))
    expect(await client.next(({ event }) => event === 'message')).to.deep.include({ data: message('kept') })
  })

  it('row 20: one that comes back goes on above the floor', () => {
    const actors: number[] = []
    const seqs: Record<string, number[]> = { A: [], B: [] }
    marbles(({ hot }, scheduler) => {
      const counters = createCounters()
      const lastKnown = memoryLastKnown({ maxDevices: 10, maxAgeMs: 0 })
      const feed$ = new Subject<Envelope>()
      const streams = deviceStreams(feed$, { counters, lastKnown, idleMs: 100, scheduler })
      const running = streams.running$.subscribe({ error: expect.fail })
      const report = (deviceId: string) => {
        const envelope = envelopeOf({}, scheduler.now(), deviceId)
        feed$.next(envelope)
        seqs[deviceId]?.push(envelope.seq)
      }
      const quiet = { next: () => actors.push(counters.actors), error: expect.fail }
      hot('499ms x').subscribe(quiet)
      hot('999ms x').subscribe(quiet)
      hot('AAAB 500ms AB 500ms BA', { A: 'A', B: 'B' }).subscribe({ next: report, error: expect.fail })
      hot('1200ms x').subscribe({ next: () => running.unsubscribe(), error: expect.fail })
    })
    expect(actors).to.deep.equal([0, 0])
    expect(seqs).to.deep.equal({ A: [1, 2, 3, 4, 5], B: [1, 4, 5] })
  })
})
