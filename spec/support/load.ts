import type { Frame } from './client.js'
import type { Publisher } from './publisher.js'

/** Numbered messages of one size, to be accounted for one by one. */
export interface Load {
  readonly deviceIds: readonly string[]
  /** How many of each device were published. */
  readonly sentEach: number
  /** Of all devices. */
  readonly sent: number
  /** Publishes the next `countEach` of each device, in turns; resolves when they are written. */
  publish(countEach: number): Promise<unknown>
}

export function startLoad(publisher: Publisher, deviceIds: readonly string[], bytes: number): Load {
  let sentEach = 0
  return {
    deviceIds,
    get sentEach() {
      return sentEach
    },
    get sent() {
      return sentEach * deviceIds.length
    },
    async publish(countEach) {
      const written: Promise<unknown>[] = []
      for (const end = sentEach + countEach; sentEach < end;) {
        sentEach++
        for (const deviceId of deviceIds)
          written.push(publisher.publish(numberedMessage(deviceId, sentEach, bytes)))
      }
      await Promise.all(written)
    },
  }
}

/** A message whose payload is exactly as many bytes long. */
function numberedMessage(deviceId: string, number: number, bytes: number): string {
  const start = `{"data":{"DEVICE_ID":"${deviceId}","NUMBER":${number}},"padding":"`
  return `${start}${'x'.repeat(Math.max(0, bytes - start.length - 2))}"}`
}

export interface Ledger {
  /** Takes a frame into account. @throws where a message is missing that nobody was told of, or comes twice. */
  enter(frame: Frame): void
  readonly received: number
  readonly toldDropped: number
  /** Of each device, the number that everything up to was either received or told as dropped. */
  accountedFor(deviceId: string): number
}

/** One session's side of a load: what it received and what it was told that it lost, which must leave nothing open. */
export function openLedger(): Ledger {
  const upTo = new Map<string, number>()
  let received = 0
  let toldDropped = 0
  return {
    enter({ event, data }) {
      if (event === 'message') {
        const { DEVICE_ID: deviceId, NUMBER: number } = data.data as { DEVICE_ID: string; NUMBER: number }
        const expected = (upTo.get(deviceId) ?? 0) + 1
        if (number !== expected) throw new Error(`expected message ${expected} of ${deviceId}, got ${number}`)
        upTo.set(deviceId, number)
        received++
      } else if (event === 'dropped') {
        const { device_id: deviceId, count } = data as { device_id: string; count: number }
        if (!(count >= 1)) throw new Error(`told that ${count} of ${deviceId} were dropped`)
        upTo.set(deviceId, (upTo.get(deviceId) ?? 0) + count)
        toldDropped += count
      }
    },
    get received() {
      return received
    },
    get toldDropped() {
      return toldDropped
    },
    accountedFor: (deviceId) => upTo.get(deviceId) ?? 0,
  }
}
