import type { LmdbLastKnownOptions } from '../../lib/stores/lmdbLastKnownOptions.js'
import { expect } from 'chai'
import { type Body, Envelope } from '../../lib/feed/envelope.js'
import { type LmdbEnvironment, openLmdb } from '../../lib/stores/lmdbEnvironment.js'
import { type LmdbLastKnown, lmdbLastKnown } from '../../lib/stores/lmdbLastKnown.js'
import type { LmdbWrite } from '../../lib/stores/lmdbWriter.js'
import { storeUnavailable } from '../../lib/stores/storeUnavailable.js'
import { scratchDirectory } from '../support/directories.js'
import { nextOf } from '../support/nextOf.js'

const limits: LmdbLastKnownOptions = { maxDevices: 1_000, maxAgeMs: 0 }

function message(
  deviceId: string,
  epoch: number | null,
  more: Record<string, unknown> = { LAT: 1, LON: 2 },
  receivedAt = Date.now(),
) {
  const body: Body = {
    data: { DEVICE_ID: deviceId, ...(epoch === null ? {} : { GPS_EPOCH: epoch }), ...more },
  }
  return new Envelope(deviceId, Buffer.from(JSON.stringify(body)).toString('latin1'), receivedAt, body)
}

describe('lmdbLastKnown', () => {
  let directory: ReturnType<typeof scratchDirectory>
  let environment: LmdbEnvironment
  beforeEach(async () => {
    directory = scratchDirectory()
    environment = await openLmdb(directory.path)
  })
  afterEach(async () => {
    await environment.close()
    directory.remove()
  })
  const restart = async () => {
    await environment.close()
    environment = await openLmdb(directory.path)
  }

  it('knows a message at once, after it was written, and after a restart, byte for byte', async () => {
    const known = await lmdbLastKnown(environment, limits)
    const envelope = message('ñ \u0000 \ud800', 1_700_000_000, { LAT: 1, LON: 2, NOTE: 'ünïcode 車' })
    known.note(envelope)
    const expected = { payload: envelope.payload, receivedAt: envelope.receivedAt }
    expect(known.get(envelope.deviceId)).to.deep.equal(expected)
    expect(await known.flush()).to.equal(1)
    expect(known.get(envelope.deviceId)).to.deep.equal(expected)
    expect(known.get('ñ \u0000 \ufffd')).to.be.undefined
    await restart()
    expect((await lmdbLastKnown(environment, limits)).get(envelope.deviceId)).to.deep.equal(expected)
  })

  it('is not replaced by older history or by a message without a position, after a restart either', async () => {
    const newest = message('A', 1_700_000_100)
    const first = await lmdbLastKnown(environment, limits)
    first.note(newest)
    await first.flush()
    await restart()
    const known = await lmdbLastKnown(environment, limits)
    known.note(message('A', 1_700_000_000))
    known.note(message('A', 1_700_000_200, { LAT: 'x' }))
    expect(await known.flush()).to.equal(0)
    expect(known.get('A')?.payload).to.deep.equal(newest.payload)
    const next = message('A', 1_700_000_300)
    known.note(next)
    expect(known.get('A')?.payload).to.deep.equal(next.payload)
  })

  it('writes behind while subscribed', async () => {
    const known = await lmdbLastKnown(environment, { ...limits, writeMs: 10 })
    known.note(message('A', 1))
    known.note(message('A', 2))
    known.note(message('B', 1))
    expect(await nextOf(known.written$)).to.equal(2)
    await restart()
    expect((await lmdbLastKnown(environment, limits)).get('B')).to.not.be.undefined
  })

  it('keeps so many devices, and lets those go that were silent longest', async () => {
    const known = await lmdbLastKnown(environment, { ...limits, maxDevices: 3 })
    for (const deviceId of ['A', 'B', 'C']) known.note(message(deviceId, 1))
    await known.flush()
    await restart()
    const again = await lmdbLastKnown(environment, { ...limits, maxDevices: 3 })
    again.note(message('A', 2))
    again.note(message('D', 1))
    await again.flush()
    await restart()
    const last = await lmdbLastKnown(environment, limits)
    const kept = ['A', 'B', 'C', 'D'].filter((deviceId) => last.get(deviceId) !== undefined)
    expect(kept.length).to.equal(3)
    expect(kept).to.include.members(['A', 'D'])
    expect(environment.database('lastKnown').getKeysCount()).to.equal(3)
  })

  it('makes room at a bounded cost, where every device reported since the last time', async () => {
    const known = await lmdbLastKnown(environment, limits)
    const ids = Array.from({ length: 1_000 }, (_, id) => String(id))
    for (const id of [...ids, ...ids]) known.note(message(id, 1))
    known.note(message('one more', 1))
    expect([...ids, 'one more'].filter((id) => known.get(id) === undefined)).to.deep.equal(['32'])
  })

  it('writes nothing of ids that came and went between two writes', async () => {
    const known = await lmdbLastKnown(environment, { ...limits, maxDevices: 2 })
    for (let count = 0; count < 100; count++) known.note(message(`once ${count}`, 1))
    expect(await known.flush()).to.equal(2)
    for (let count = 0; count < 100; count++) known.note(message(`again ${count}`, 1))
    known.note(message('once 99', 2))
    for (let count = 0; count < 100; count++) known.note(message(`last ${count}`, 1))
    expect(await known.flush(), 'two come, two go').to.equal(4)
    environment.refresh()
    expect(environment.database('lastKnown').getKeysCount()).to.equal(2)
  })

  it('forgets what is too old, on disk as well', async () => {
    const known = await lmdbLastKnown(environment, limits)
    known.note(message('A', null, {}, Date.now() - 10_000))
    known.note(message('B', null, {}, Date.now()))
    await known.flush()
    const aged = await lmdbLastKnown(environment, { ...limits, maxAgeMs: 5_000 })
    expect(aged.get('A')).to.be.undefined
    expect(aged.get('B')).to.not.be.undefined
    await aged.flush()
    environment.refresh()
    expect(environment.database('lastKnown').getKeysCount()).to.equal(1)
  })

  it('writes what no other process has written, and nothing over what is newer', async () => {
    const [one, other] = [
      await lmdbLastKnown(environment, { ...limits, isShared: true }),
      await lmdbLastKnown(environment, { ...limits, isShared: true }),
    ]
    const later = message('B', 2)
    for (const known of [one, other]) for (const each of [message('A', 1), message('B', 1)]) known.note(each)
    one.note(later)
    other.note(message('C', null, { LAT: 1, LON: 2 }, 1))
    one.note(message('C', null, { LAT: 3, LON: 4 }, 2))
    expect(await one.flush()).to.equal(3)
    expect(await other.flush()).to.equal(0)
    expect(other.get('B')?.payload).to.deep.equal(later.payload)
    other.note(message('A', 2))
    expect(await other.flush()).to.equal(1)
  })

  it('refreshes what it reads once in a turn, and again after a write', async () => {
    let refreshes = 0
    const counted: LmdbEnvironment = {
      ...environment,
      refresh() {
        refreshes++
        environment.refresh()
      },
    }
    const known = await lmdbLastKnown(counted, limits)
    const ids = Array.from({ length: 100 }, (_, id) => String(id))
    const allAt = (epoch: number) =>
      ids.every((id) => known.get(id)?.payload.equals(message(id, epoch).payload) === true)
    for (const epoch of [1, 2]) {
      for (const id of ids) known.note(message(id, epoch))
      await known.flush()
      refreshes = 0
      expect(allAt(epoch)).to.be.true
      expect(refreshes).to.equal(1)
    }
  })

  it('reads what another process has written since', async () => {
    const shared = { ...limits, isShared: true }
    const [one, other] = [await lmdbLastKnown(environment, shared), await lmdbLastKnown(environment, shared)]
    for (const epoch of [1, 2]) {
      other.note(message('A', epoch))
      if (epoch === 1) one.note(message('A', epoch))
      await one.flush()
      await other.flush()
      expect(one.get('A')?.payload).to.deep.equal(message('A', epoch).payload)
    }
  })

  it('keeps what could not be written, and says why', async () => {
    let isFull = true
    const refused: LmdbEnvironment = {
      ...environment,
      write: (write) =>
        isFull ? Promise.reject(storeUnavailable('The disk is full')) : environment.write(write),
    }
    const known = await lmdbLastKnown(refused, { ...limits, writeMs: 10 })
    known.note(message('A', 1))
    expect(await nextOf(known.written$)).to.have.property('code', 'ERR_STORE_UNAVAILABLE')
    expect(known.get('A')).to.not.be.undefined
    isFull = false
    expect(await nextOf(known.written$)).to.equal(1)
  })

  describe('while the disk refuses', () => {
    const pad = 'x'.repeat(1_000)
    const padded = (deviceId: string, epoch: number) => message(deviceId, epoch, { LAT: 1, LON: 2, pad })
    const bounded = { ...limits, writeMs: 10, maxWaitingBytes: 3_500 }
    const idsOf = (known: LmdbLastKnown) =>
      ['A', 'B', 'C', 'D', 'E', 'F'].filter((deviceId) => known.get(deviceId) !== undefined)
    let answer: (write: LmdbWrite) => Promise<boolean>
    let refusing: LmdbEnvironment
    beforeEach(() => {
      answer = environment.write
      refusing = { ...environment, write: (write) => answer(write) }
    })
    const refuse = () => Promise.reject(storeUnavailable('The disk is full'))

    it('holds so many bytes, lets those go that waited longest, and never tells what was before', async () => {
      const known = await lmdbLastKnown(refusing, bounded)
      known.note(padded('A', 1))
      await known.flush()
      answer = refuse
      for (const deviceId of ['A', 'B', 'C', 'D', 'E']) known.note(padded(deviceId, 3))
      expect(idsOf(known)).to.deep.equal(['C', 'D', 'E'])
      known.note(padded('A', 2))
      expect(idsOf(known), 'history that came late').to.deep.equal(['C', 'D', 'E'])
      const error = await nextOf(known.written$)
      expect(error).to.have.property('code', 'ERR_STORE_UNAVAILABLE')
      expect(error).to.have.property('message').that.includes('2 that waited longest gave way')

      answer = environment.write
      await known.flush()
      expect(idsOf(known)).to.deep.equal(['C', 'D', 'E'])
      await restart()
      expect(idsOf(await lmdbLastKnown(environment, limits))).to.deep.equal(['C', 'D', 'E'])
    })

    it('knows a device again that gave way, once it reports', async () => {
      const known = await lmdbLastKnown(refusing, bounded)
      answer = refuse
      for (const deviceId of ['A', 'B', 'C', 'D']) known.note(padded(deviceId, 1))
      expect(idsOf(known)).to.deep.equal(['B', 'C', 'D'])
      known.note(padded('A', 2))
      expect(idsOf(known)).to.deep.equal(['A', 'C', 'D'])
      answer = environment.write
      await known.flush()
      for (const deviceId of ['B', 'E', 'F']) known.note(padded(deviceId, 2))
      expect(idsOf(known), 'what is on disk waits no more').to.deep.equal(['A', 'B', 'C', 'D', 'E', 'F'])
    })

    it('removes what a write in progress leaves of a device whose newer message gave way', async () => {
      const known = await lmdbLastKnown(refusing, bounded)
      const writing = new Promise<() => void>((resolve) => {
        answer = (write) =>
          new Promise((applied, refused) => {
            resolve(() => void environment.write(write).then(applied, refused))
          })
      })
      known.note(padded('A', 1))
      const flushed = known.flush()
      const release = await writing
      for (const deviceId of ['A', 'B', 'C', 'D']) known.note(padded(deviceId, 2))
      expect(idsOf(known)).to.deep.equal(['B', 'C', 'D'])
      answer = environment.write
      release()
      await flushed
      expect(idsOf(known)).to.deep.equal(['B', 'C', 'D'])
      await known.flush()
      await restart()
      expect(idsOf(await lmdbLastKnown(environment, limits))).to.deep.equal(['B', 'C', 'D'])
    })

    it('tries what was refused again, with what came meanwhile', async () => {
      const known = await lmdbLastKnown(refusing, limits)
      answer = refuse
      for (const deviceId of ['A', 'B']) known.note(padded(deviceId, 1))
      await known.flush().catch(() => undefined)
      for (const deviceId of ['B', 'C']) known.note(padded(deviceId, 2))
      const latest = known.get('B')
      answer = environment.write
      await known.flush()
      await restart()
      const again = await lmdbLastKnown(environment, limits)
      expect(idsOf(again)).to.deep.equal(['A', 'B', 'C'])
      expect(again.get('B')).to.deep.equal(latest)
    })
  })
})
