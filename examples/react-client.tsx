/// <reference lib="dom" />
// A React hook that gives the newest message of each device, and a component that shows them in a table:
//   <DeviceTable url="ws://localhost:8000" deviceIds={['0848086072', '0848086073']} />
import { useEffect, useState } from 'react'

/** What a device sent. Fleets name their fields differently. */
export type Fields = Readonly<Record<string, string | number | undefined>>

/** The insides of all events that this client knows; which of them are there depends on the event. */
interface EventData {
  readonly data?: Fields
  readonly count?: number | null
  readonly retry_after_ms?: number
  readonly message?: string
}

export interface DeviceStream {
  readonly state: 'connecting' | 'open' | 'waiting' | 'closed'
  /** The newest payload's `data`, by device id. */
  readonly latest: ReadonlyMap<string, Fields>
  /** How many messages the server dropped because this page read too slowly. */
  readonly dropped: number
  /** The last error or close, in words. */
  readonly problem: string | undefined
}

const nothingYet: DeviceStream = { state: 'connecting', latest: new Map(), dropped: 0, problem: undefined }

/** After these, coming back would change nothing. */
const finalCodes = new Set([1000, 1002, 1003, 1007, 1008, 1009])

/** The server pings at every period, so nothing at all for two and a half means that the connection is dead. */
const silenceMs = 2.5 * 25_000

/** Watches devices for as long as the component is there, and reconnects where the close code allows it. */
export function useDeviceStream(url: string, deviceIds: readonly string[], token?: string): DeviceStream {
  const [stream, setStream] = useState(nothingYet)
  // A new array with the same ids is the same request: only its text may start the effect again.
  const ids = deviceIds.join(',')

  useEffect(() => {
    setStream(nothingYet)
    const streamUrl = `${url.replace(/\/$/, '')}/api/v1/stream?device_ids=${encodeURIComponent(ids)}`
    return watch(streamUrl, token, setStream)
  }, [url, ids, token])

  return stream
}

type Update = (change: (stream: DeviceStream) => DeviceStream) => void

/** Keeps one connection at a time open; returns what ends it all. */
function watch(url: string, token: string | undefined, update: Update): () => void {
  let failures = 0 // connections in a row that brought nothing
  let leave = connect()
  return () => leave()

  function connect(): () => void {
    let retryAfterMs: number | undefined
    // The token travels as a sub-protocol: unlike a query parameter, it then reaches no log.
    const socket = new WebSocket(url, token === undefined ? [] : ['bearer', token])
    let silence = setTimeout(dead, silenceMs)
    update((stream) => ({ ...stream, state: 'connecting' }))

    socket.onopen = () => update((stream) => ({ ...stream, state: 'open', problem: undefined }))
    socket.onmessage = ({ data: frame }) => {
      clearTimeout(silence)
      silence = setTimeout(dead, silenceMs)
      const { event, data } = JSON.parse(String(frame)) as { event: string; data: EventData }
      if (event === 'message' || event === 'snapshot') {
        failures = 0
        const fields = data.data ?? {}
        update((stream) => ({
          ...stream,
          latest: new Map(stream.latest).set(String(fields.DEVICE_ID), fields),
        }))
      } else if (event === 'ping') failures = 0
      // A loss of unknown size is of one message at least.
      else if (event === 'dropped')
        update((stream) => ({ ...stream, dropped: stream.dropped + (data.count ?? 1) }))
      else if (event === 'draining') retryAfterMs = data.retry_after_ms
      else if (event === 'error') update((stream) => ({ ...stream, problem: data.message }))
      // Any other event is newer than this client: ignored, so that the server may add some.
    }
    socket.onclose = ({ code, reason }) => ended(code, reason)
    return letGo

    function letGo(): void {
      clearTimeout(silence)
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close(1000)
    }

    /** A close of ours could wait very long for a peer that is gone, so its end is not awaited. */
    function dead(): void {
      ended(1006, 'nothing arrived any more, not even a ping')
    }

    function ended(code: number, reason: string): void {
      letGo()
      const comesBack = !finalCodes.has(code)
      const problem = `Closed with ${code}${reason === '' ? '' : `: ${reason}`}`
      // What an `error` event said just before says more than the close that follows it.
      update((stream) => ({
        ...stream,
        state: comesBack ? 'waiting' : 'closed',
        problem: stream.problem ?? problem,
      }))
      if (!comesBack) return
      // 1, 2, 4 … 30 seconds, half of it random, so that a thousand pages don't all come back at once.
      const growingMs = Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2)
      failures += 1
      const timer = setTimeout(
        () => (leave = connect()),
        code === 1001 ? (retryAfterMs ?? growingMs) : growingMs,
      )
      leave = () => clearTimeout(timer)
    }
  }
}

export interface DeviceTableProps {
  readonly url: string
  readonly deviceIds: readonly string[]
}

export function DeviceTable({ url, deviceIds }: DeviceTableProps) {
  const { state, latest, dropped, problem } = useDeviceStream(url, deviceIds)
  return (
    <section>
      <p role="status">
        {state}
        {problem !== undefined && ` (${problem})`}
        {dropped > 0 && `, ${dropped} messages dropped`}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Device</th>
            <th scope="col">Latitude</th>
            <th scope="col">Longitude</th>
            <th scope="col">Speed</th>
          </tr>
        </thead>
        <tbody>
          {deviceIds.map((deviceId) => (
            <DeviceRow key={deviceId} deviceId={deviceId} fields={latest.get(deviceId)} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function DeviceRow({ deviceId, fields }: { readonly deviceId: string; readonly fields: Fields | undefined }) {
  // Fleets name their fields differently.
  const first = (...names: string[]) =>
    names.map((name) => fields?.[name]).find((value) => value !== undefined) ?? '–'
  return (
    <tr>
      <th scope="row">{deviceId}</th>
      <td>{first('LAT', 'LATITUD', 'LATITUDE')}</td>
      <td>{first('LON', 'LONGITUD', 'LONGITUDE')}</td>
      <td>{first('SPEED')}</td>
    </tr>
  )
}
