import { expect } from 'chai'
import { connect } from 'mqtt'
import { filter, firstValueFrom, map, take, takeWhile, toArray } from 'rxjs'
import type { FeedMessage } from '../../lib/feed/decode.js'
import { mqttFeed } from '../../lib/feed/mqttFeed.js'
import { createCounters } from '../../lib/stats/counters.js'
import { silentLog } from '../../lib/stats/log.js'
import { type ScriptedBroker, startScriptedBroker } from '../support/scriptedBroker.js'

type Version = 4 | 5

// Park and Miller's minimal standard generator: the same numbers each time.
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [128 | (value & 127), ...varint(value >> 7)]
}

interface Publish {
  readonly topic: string
  readonly payload: string
  readonly qos?: 0 | 1
  readonly isRetained?: boolean
  readonly properties?: readonly number[]
}

function publish(
  version: Version,
  { topic, payload, qos = 0, isRetained = false, properties = [] }: Publish,
) {
  const content = Buffer.concat([
    Buffer.of(0, Buffer.byteLength(topic)),
    Buffer.from(topic),
    Buffer.of(...(qos === 1 ? [0, 7] : [])),
    Buffer.of(...(version === 5 ? [...varint(properties.length), ...properties] : [])),
    Buffer.from(payload),
  ])
  return Buffer.concat([
    Buffer.of(0x30 | (qos << 1) | Number(isRetained), ...varint(content.length)),
    content,
  ])
}

const pingAnswer = Buffer.of(0xd0, 0)
const topics = ['tracking/data', 'tracking/other', 'é', 'tracking/+', 'a/very/long/topic/'.repeat(10)]
const sizes = [0, 1, 100, 350, 20_000, 65_500, 70_000, 200_000]
const last = 'the last one'

/** Packets of all kinds that a broker sends, and at the end a message that says so. */
function traffic(version: Version, seed: number): Buffer {
  const below = numbers(seed)
  const packets = Array.from({ length: 300 }, (_, index) => {
    if (below(12) === 0) return pingAnswer
    const size = below(10) === 0 ? sizes[below(sizes.length)]! : below(400)
    const payload = `${index} `.padEnd(size, 'x')
    const userProperty: number[] = [0x26, 0, 1, 0x61, 0, 1, 0x62]
    const many = Array.from({ length: below(2) * 30 }, () => userProperty).flat()
    const properties = below(3) === 0 ? [0x01, 1, ...many] : []
    const topic = topics[below(4) === 0 ? below(topics.length) : 0]!
    return publish(version, {
      topic,
      payload,
      qos: below(8) === 0 ? 1 : 0,
      isRetained: below(5) === 0,
      properties,
    })
  })
  return Buffer.concat([...packets, publish(version, { topic: topics[0]!, payload: last })])
}

/** Sends bytes cut anywhere, in pieces of all sizes. */
async function sendInPieces(
  broker: ScriptedBroker,
  bytes: Buffer,
  below: (limit: number) => number,
): Promise<void> {
  const lengths = [1, 2, 5, 300, 5_000, 100_000]
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + below(lengths[below(lengths.length)]!)
    await broker.sendBytes(bytes.subarray(at, end))
    at = end
  }
}

const shown = ({ topic, payload }: FeedMessage) => `${topic} ${payload.toString()}`

/** What MQTT.js alone makes of it. */
async function read(address: string, protocolVersion: Version): Promise<string[]> {
  const client = connect(`mqtt://${address}`, { protocolVersion, reconnectPeriod: 0 })
  const messages: string[] = []
  client.on('connect', () => client.subscribe('#'))
  await new Promise<void>((resolve, reject) => {
    client.on('message', (topic, payload) => {
      messages.push(shown({ topic, payload }))
      if (messages.at(-1)?.endsWith(last)) resolve()
    })
    client.on('error', reject)
  })
  await client.endAsync(true)
  return messages
}

function fail(error: unknown): void {
  throw error
}

describe('brokerSocket', () => {
  for (const version of [4, 5] as const)
    for (const seed of [1, 2, 3])
      it(`gives what MQTT.js alone would, in its order, however the bytes are cut (MQTT ${version}, ${seed})`, async () => {
        const bytes = traffic(version, seed)
        const one = await startScriptedBroker([0])
        const expected = read(one.address, version)
        await sendInPieces(one, bytes, numbers(seed))
        const other = await startScriptedBroker([0])
        const feed = mqttFeed({
          url: `mqtt://${other.address}`,
          topics: ['#'],
          protocolVersion: version,
          counters: createCounters(),
          log: silentLog,
        })
        const messages = firstValueFrom(
          feed.messages$.pipe(
            map(shown), // at once: nobody may be shown what came later
            takeWhile((message) => !message.endsWith(last), true),
            toArray(),
          ),
          { defaultValue: [] },
        )
        await sendInPieces(other, bytes, numbers(seed + 10))
        expect(await messages).to.deep.equal(await expected)
        expect(await messages).to.have.length.above(250)
        await Promise.all([one.close(), other.close()])
      })

  it('leaves a message as it is, whatever is read after it', async () => {
    const broker = await startScriptedBroker([0])
    const feed = mqttFeed({
      url: `mqtt://${broker.address}`,
      topics: ['#'],
      counters: createCounters(),
      log: silentLog,
    })
    const messages = firstValueFrom(feed.messages$.pipe(take(20), toArray()), { defaultValue: [] })
    for (let index = 0; index < 20; index++) await broker.send(`message ${index}`)
    expect((await messages).map(({ payload }) => payload.toString())).to.deep.equal(
      Array.from({ length: 20 }, (_, index) => `message ${index}`),
    )
    await broker.close()
  })

  const broken = {
    'a topic longer than its packet': Buffer.of(0x30, 4, 0, 200, 0x61, 0x62),
    'a length of five bytes': Buffer.of(0x30, 0x80, 0x80, 0x80, 0x80, 1),
    'a packet of no type': Buffer.of(0x00, 0),
  }
  for (const [name, bytes] of Object.entries(broken))
    it(`connects anew after ${name}, and loses nothing of what came before`, async () => {
      const broker = await startScriptedBroker([0])
      const url = `mqtt://${broker.address}`
      const feed = mqttFeed({ url, topics: ['#'], counters: createCounters(), log: silentLog, minDelayMs: 1 })
      const states: boolean[] = []
      feed.connected$.subscribe({ next: (isUp) => states.push(isUp), error: fail })
      const messages: string[] = []
      const running = feed.messages$.subscribe({
        next: (message) => messages.push(shown(message)),
        error: fail,
      })
      await firstValueFrom(feed.connected$.pipe(filter(Boolean)), { defaultValue: false })
      const isDown = firstValueFrom(feed.connected$.pipe(filter((isUp) => !isUp)), { defaultValue: true })
      await broker.sendBytes(Buffer.concat([publish(4, { topic: 't', payload: 'before' }), bytes]))
      await isDown
      await firstValueFrom(feed.connected$.pipe(filter(Boolean)), { defaultValue: false })
      expect(messages).to.deep.equal(['t before'])
      expect(states).to.deep.equal([false, true, false, true])
      expect(broker.connects()).to.equal(2)
      running.unsubscribe()
      await broker.close()
    })
})
