import { expect } from 'chai'
import { type Client, openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { startMosquitto } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { message, type Publisher, startPublisher } from '../support/publisher.js'
import { frameBytes, type FrameParts, opcodes, openRawSocket } from '../support/rawSocket.js'
import { type ServiceUnderTest, startServiceAt } from '../support/service.js'

const { text, continuation, close, ping } = opcodes

interface BadFrames {
  readonly name: string
  readonly frames: readonly FrameParts[]
  readonly code: number
}

const badFrames: readonly BadFrames[] = [
  { name: 'an unmasked frame', frames: [{ opcode: text, payload: 'x', masked: false }], code: 1002 },
  ...[1, 2, 4].map((rsv) => ({
    name: `RSV bits ${rsv}`,
    frames: [{ opcode: text, rsv, payload: 'x' }],
    code: 1002,
  })),
  ...[3, 7, 11, 15].map((opcode) => ({
    name: `reserved opcode ${opcode}`,
    frames: [{ opcode }],
    code: 1002,
  })),
  { name: 'a fragmented ping', frames: [{ opcode: ping, fin: false }], code: 1002 },
  { name: 'a ping of 126 bytes', frames: [{ opcode: ping, payload: 'x'.repeat(126) }], code: 1002 },
  { name: 'a continuation of nothing', frames: [{ opcode: continuation, payload: 'x' }], code: 1002 },
  {
    name: 'a text in the midst of another',
    frames: [
      { opcode: text, fin: false },
      { opcode: text, payload: 'x' },
    ],
    code: 1002,
  },
  { name: 'a close of one byte', frames: [{ opcode: close, payload: 'x' }], code: 1002 },
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map((code) => ({
    name: `close code ${code}`,
    frames: [{ opcode: close, payload: Buffer.of(code >> 8, code & 255) }],
    code: 1002,
  })),
  { name: 'a text of bad UTF-8', frames: [{ opcode: text, payload: Buffer.of(0xc3, 0x28) }], code: 1007 },
  {
    name: 'a close reason of bad UTF-8',
    frames: [{ opcode: close, payload: Buffer.of(3, 0xe8, 0xff) }],
    code: 1007,
  },
  {
    name: 'a text of 16 KiB and one byte',
    frames: [{ opcode: text, payload: 'x'.repeat(16 * 1024 + 1) }],
    code: 1009,
  },
  {
    name: 'fragments of more than 16 KiB in all',
    frames: Array.from({ length: 17 }, (_, at) => ({
      opcode: at === 0 ? text : continuation,
      fin: false,
      payload: 'x'.repeat(1024),
    })),
    code: 1009,
  },
  { name: 'a length of 2^53', frames: [{ opcode: text, length: 2n ** 53n }], code: 1009 },
  { name: 'a length of 2^63', frames: [{ opcode: text, length: 2n ** 63n }], code: 1009 },
  {
    name: 'fragments without end and without content',
    frames: [
      { opcode: text, fin: false },
      ...Array.from({ length: 20_000 }, () => ({ opcode: continuation, fin: false })),
    ],
    code: 1008,
  },
  {
    name: 'fragments of a byte without end',
    frames: [
      { opcode: text, fin: false },
      ...Array.from({ length: 20_000 }, () => ({ opcode: continuation, fin: false, payload: 'x' })),
    ],
    code: 1008,
  },
]

describe('a client that breaks the protocol', () => {
  let service: ServiceUnderTest
  let publisher: Publisher
  let other: Client

  async function start(environment: Record<string, string> = {}): Promise<void> {
    const broker = await startMosquitto()
    service = await startServiceAt(broker, { CLOSE_TIMEOUT_SECS: '1', ...environment })
    publisher = await startPublisher(broker)
    other = await openClient(`${service.ws}/api/v1/stream?device_ids=A`)
  }

  beforeEach(() => start())

  afterEach(async () => {
    await publisher.publish(message('A'))
    expect(await other.next(), 'the others go on').to.deep.equal({ event: 'message', data: message('A') })
    await closeAll()
  })

  const open = () => openRawSocket(`${service.ws}/api/v1/stream?device_ids=A,B`)
  const onlyTheOtherIsLeft = () =>
    eventually(
      () => service.stats(),
      (stats) => stats.active_subscribers === 1 && stats.devices_being_monitored === 1,
    )

  it('row 31: is closed with the code that says what is wrong, and nothing of it stays', async () => {
    for (const { name, frames, code } of badFrames) {
      const client = await open()
      client.send(...frames)
      expect(await client.closeCode(), name).to.equal(code)
      client.stream.end()
      await client.closed
    }
    await onlyTheOtherIsLeft()
    expect((await service.metrics()).get('afluente_uncaught_errors_total')).to.equal(0)
  })

  it('row 31: a message in more than 64 fragments ends it', async () => {
    const client = await open()
    const more = Array.from({ length: 64 }, () => ({ opcode: continuation, fin: false }))
    client.send({ opcode: text, payload: 'a', fin: false }, ...more)
    expect(await client.closeCode()).to.equal(1008)
    client.stream.end()
    await client.closed
    await onlyTheOtherIsLeft()
  })

  it('row 31: garbage instead of frames ends it, however it is cut', async () => {
    const garbage = Buffer.from(Array.from({ length: 512 }, (_, at) => (at * 151 + 7) & 255))
    for (let from = 0; from < 32; from++) {
      const client = await open()
      for (const byte of garbage.subarray(from, from + 16)) client.stream.write(Buffer.of(byte))
      client.stream.end(garbage.subarray(from + 16))
      await client.closed
    }
    await onlyTheOtherIsLeft()
  })

  for (const limit of [50, 0]) {
    it(`row 31: a flood of pings from one who reads nothing ends it, and takes no memory, at a limit of ${limit}`, async () => {
      const pings = Buffer.concat(
        Array<Buffer>(10_000).fill(frameBytes({ opcode: ping, payload: 'x'.repeat(125) })),
      )
      await closeAll()
      await start({ MAX_COMMANDS_PER_SECOND: String(limit) })
      const memory = async () => (await service.metrics()).get('afluente_resident_memory_bytes') ?? 0
      const before = await memory()
      const client = await open()
      client.stream.pause()
      for (let count = 0; count < 40; count++) client.stream.write(pings)
      await onlyTheOtherIsLeft()
      expect((await memory()) - before, 'of 50 MB').to.be.below(32 * 2 ** 20)
      client.stream.resume()
      await client.closed
    })
  }
})
