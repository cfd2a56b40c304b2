import { expect } from 'chai'
import { type Client, openClient } from '../support/client.js'
import { messageFixture } from '../support/fixtures.js'
import { closeAll } from '../support/opened.js'
import { message } from '../support/publisher.js'
import { openPythonClient } from '../support/python.js'
import { type Rig, startRig } from '../support/rig.js'

/** What the contract says a session is sent for a payload. */
const frameOf = (payload: string) => `{"event":"message","data":${payload}}`

describe('payloads, from paho to websockets', () => {
  let rig: Rig
  before(async () => void (rig = await startRig()))
  after(closeAll)

  /** What a client on `websockets` gets for payloads of one device, text for text. */
  async function received(deviceId: string, payloads: readonly string[]): Promise<string[]> {
    const client = await openPythonClient(rig.url(deviceId))
    for (const payload of payloads) await rig.paho.publish(payload)
    const texts: string[] = []
    while (texts.length < payloads.length) texts.push(await client.nextText())
    await client.close()
    return texts
  }

  it('1.1 accepts both shapes as they come', async () => {
    const payloads = [messageFixture('simple.json'), messageFixture('fleet-parked.json')]
    expect(await received('0848086072', payloads)).to.deep.equal(payloads.map(frameOf))
  })

  it('1.1 accepts what a whole fleet sends in a minute', async () => {
    const lines = messageFixture('fleet.ndjson').trim().split('\n')
    const ids = [...new Set(lines.map((line) => /"DEVICE_ID":"(\d+)"/.exec(line)![1]!))]
    expect(ids).to.have.length(12)
    expect(await received(ids.join(), lines)).to.have.members(lines.map(frameOf))
  })

  it('1.2 passes the payload byte for byte', async () => {
    const payloads = [
      '{"data":{"DEVICE_ID":"bytes","a":1.0,"b":1e3,"c":12345678901234567890,"d":-0,"e":1E+2,"f":0.10}}',
      '{"data":{"DEVICE_ID":"bytes","SPEED":1.0000000000000000001}}',
      '  {\t"z" : 1 ,\r\n "data":{ "B":[ ] , "DEVICE_ID" : "bytes", "A":{ } }\n}  ',
      '{"data":{"DEVICE_ID":"bytes","emoji":"🚚👩‍🔧é","escaped":"\\ud83d\\ude9a\\u00e9\\/\\u0000","raw":"\u007f\u2028"}}',
      '{"data":{"2":1,"1":2,"DEVICE_ID":"bytes","a":1,"a":2}}',
      '{"data":{"DEVICE_ID":"bytes","lone":"\\ud83d"},"event":"ping","__proto__":{"x":1}}',
    ]
    expect(await received('bytes', payloads)).to.deep.equal(payloads.map(frameOf))
  })

  for (const length of [100, 101, 65_509, 65_510, 200_000]) {
    it(`1.2 passes a payload of ${length} bytes whole, on either side of a header's step`, async () => {
      const empty = '{"data":{"DEVICE_ID":"size"},"x":""}'
      const payload = empty.replace(
        '""',
        `"${'é'.repeat((length - empty.length) >> 1)}${length % 2 ? 'y' : ''}"`,
      )
      expect(await received('size', [payload])).to.deep.equal([frameOf(payload)])
    })
  }

  it('1.1 goes by data.DEVICE_ID, and by no other', async () => {
    const payload = JSON.stringify({
      DEVICE_ID: 'decoy',
      raw: '{"data":{"DEVICE_ID":"decoy"}}',
      decoded: { data: { DEVICE_ID: 'decoy' } },
      data: { nested: { DEVICE_ID: 'decoy' }, DEVICE_ID: 'true one', device_id: 'decoy' },
      metadata: { DEVICE_ID: 'decoy' },
    })
    const decoy = await openClient(rig.url('decoy'))
    expect(await received('true one', [payload])).to.deep.equal([frameOf(payload)])
    await rig.paho.publish(message('decoy'))
    expect(await decoy.next()).to.deep.equal({ event: 'message', data: message('decoy') })
  })

  it('1.1 takes an id as it is, whatever characters it has', async () => {
    for (const id of [
      '0848086072',
      'a b',
      'ñandú',
      '🚚',
      '"quoted"',
      '\\',
      'a/b',
      'a&b=c',
      '%41',
      '+',
      'x'.repeat(256),
    ]) {
      const payload = JSON.stringify(message(id))
      expect(await received(id, [payload])).to.deep.equal([frameOf(payload)])
    }
  })

  it('1.1 takes an id that is written with escapes for what it says', async () => {
    const payload = '{"data":{"DEVICE_ID":"\\u0041\\ud83d\\ude9a\\"\\/"}}'
    expect(await received('A🚚"/', [payload])).to.deep.equal([frameOf(payload)])
  })

  it('1.1 takes a safe integer ≥ 0 as its decimal text', async () => {
    const payloads = ['{"data":{"DEVICE_ID":848086072}}', '{"data":{"DEVICE_ID":"848086072"}}']
    expect(await received('848086072', payloads)).to.deep.equal(payloads.map(frameOf))
  })

  it('1.1 takes __proto__ and constructor for ids like any other', async () => {
    const payloads = ['__proto__', 'constructor', 'hasOwnProperty'].map(
      (id) => `{"data":{"DEVICE_ID":"${id}"}}`,
    )
    expect(await received('__proto__,constructor,hasOwnProperty', payloads)).to.deep.equal(
      payloads.map(frameOf),
    )
  })
})

describe('payloads that are no device message', () => {
  const secret = 'content-that-nobody-may-log'
  let rig: Rig
  let watcher: Client
  before(async () => {
    rig = await startRig({ MAX_PAYLOAD_BYTES: '1000' })
    watcher = await openClient(rig.url(`A,${secret},true,null,undefined,-1,1.5,[object Object]`))
  })
  after(closeAll)

  const counted = async (reason: string) =>
    (await rig.service.metrics()).get(`afluente_malformed_total{reason="${reason}"}`) ?? 0

  for (const [reason, payloads] of Object.entries({
    bad_json: [
      '',
      secret,
      'NaN',
      `\ufeff${JSON.stringify(message('A'))}`,
      `{"data":{"DEVICE_ID":"A","x":NaN}}`,
    ],
    bad_utf8: [
      Buffer.concat([Buffer.from('{"data":{"DEVICE_ID":"A","x":"'), Buffer.of(0xff), Buffer.from('"}}')]),
    ],
    not_an_object: ['null', '1', `"${secret}"`, `["${secret}"]`],
    no_device: ['{}', `{"data":{"x":"${secret}"}}`, '{"DEVICE_ID":"A"}', '{"data":"A"}'],
    bad_device: [
      '""',
      'null',
      'true',
      '-1',
      '1.5',
      '9007199254740992',
      '{}',
      '["A"]',
      `"${'x'.repeat(257)}"`,
    ].map((id) => `{"data":{"DEVICE_ID":${id},"x":"${secret}"}}`),
    oversize: [`{"data":{"DEVICE_ID":"A","x":"${secret.repeat(40)}"}}`],
  })) {
    it(`1.1 counts them as ${reason}, logs that at a limited rate, and skips them`, async () => {
      const before = { ...(await rig.service.stats()), count: await counted(reason) }
      for (const payload of payloads) await rig.paho.publish(payload)
      await rig.paho.publish(message('A', { after: reason }))
      expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A', { after: reason }) })
      expect(await counted(reason)).to.equal(before.count + payloads.length)
      expect((await rig.service.stats()).total_messages_processed).to.equal(
        before.total_messages_processed + 1,
      )
      const lines = rig.service.output().match(new RegExp(`no device message reason="${reason}"`, 'g'))
      expect(lines).to.have.length(1)
      expect(rig.service.output()).to.not.contain(secret)
    })
  }
})

describe('DEVICE_ID_PATH', () => {
  afterEach(closeAll)

  it('names other keys', async () => {
    const rig = await startRig({ DEVICE_ID_PATH: 'vehicle.id' })
    const watcher = await openClient(rig.url('7'))
    await rig.paho.publish(message('7'))
    await rig.paho.publish('{"vehicle":{"id":7}}')
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: { vehicle: { id: 7 } } })
  })

  it('names a level of the topic', async () => {
    const rig = await startRig({ DEVICE_ID_PATH: 'topic:1', BROKER_TOPIC: 'fleet/+/position' })
    const watcher = await openClient(rig.url('A 1'))
    await rig.paho.publish(message('A 1'), 'fleet/B/position')
    await rig.paho.publish('{"LAT":1.0}', 'fleet/A 1/position')
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: { LAT: 1 } })
    expect(watcher.texts).to.deep.equal(['{"event":"message","data":{"LAT":1.0}}'])
  })
})
