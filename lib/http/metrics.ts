import { Counter, Gauge, Registry } from 'prom-client'
import type { Counters } from '../stats/counters.js'
import type { Reading } from '../stats/reading.js'

type Counts = Readonly<Record<string, number>>

/**
 * Metrics in Prometheus's text format.
 *
 * @param read Called when somebody scrapes, and never before.
 */
export function metricsOf(read: () => Promise<Reading>): () => Promise<string> {
  const registry = new Registry()
  const registers = [registry]
  let reading: Reading

  const total = (name: string, help: string, count: (counters: Counters) => number) =>
    new Counter({
      name: `afluente_${name}_total`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(count(reading.counters))
      },
    })
  const totalBy = (name: string, label: string, help: string, counts: (counters: Counters) => Counts) =>
    new Counter({
      name: `afluente_${name}_total`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset()
        for (const [value, count] of Object.entries(counts(reading.counters)))
          this.inc({ [label]: value }, count)
      },
    })
  const now = (name: string, help: string, value: (reading: Reading) => number) =>
    new Gauge({
      name: `afluente_${name}`,
      help,
      registers,
      collect() {
        this.set(value(reading))
      },
    })

  total('messages', 'Device messages taken from the feed.', ({ messages }) => messages)
  total(
    'messages_unwatched',
    'Device messages that nobody watched; of several workers, the fewest that one of them counts so.',
    ({ unwatched }) => unwatched,
  )
  totalBy('malformed', 'reason', 'Payloads that were no device message.', ({ malformed }) => malformed)
  total('delivered', 'Messages handed to sockets.', ({ delivered }) => delivered)
  total('snapshots', 'Last known messages handed to sockets.', ({ snapshots }) => snapshots)
  total('filtered', "Messages outside of their share's area.", ({ filtered }) => filtered)
  total('dropped', 'Messages that gave way to overflow.', ({ dropped }) => dropped)
  total('discarded', 'Messages that waited when their session ended.', ({ discarded }) => discarded)
  total(
    'feed_connections',
    'Times that the connection to the broker was made.',
    ({ feedConnections }) => feedConnections,
  )
  totalBy('sessions_ended', 'closing', 'Sessions that ended, by how.', ({ ended }) => ended)
  totalBy('upgrades_refused', 'status', 'Upgrades refused, by HTTP status.', ({ refused }) => refused)
  total(
    'sessions_refused',
    'Upgrades refused because MAX_SESSIONS were open.',
    ({ sessionsRefused }) => sessionsRefused,
  )
  total(
    'connections_dropped',
    'Connections dropped for want of descriptors.',
    ({ connectionsDropped }) => connectionsDropped,
  )
  total('ignored_frames', 'Frames from clients that were no command.', ({ ignoredFrames }) => ignoredFrames)
  total('uncaught_errors', 'Errors that only the process-wide net caught.', ({ uncaught }) => uncaught)
  now('feed_up', 'Whether the feed is connected.', ({ isFeedUp }) => Number(isFeedUp))
  now('store_up', 'Whether the store of shares can be reached.', ({ isStoreUp }) => Number(isStoreUp))
  now('sessions', 'Sessions open.', ({ counters }) => counters.sessions)
  now('subscribers', 'Over all sessions, the devices that each watches.', ({ counters }) => counters.watches)
  now('devices_watched', 'Devices with at least one watcher.', ({ counters }) => counters.devicesWatched)
  now('device_actors', 'Devices that have an actor.', ({ counters }) => counters.actors)
  now('resident_memory_bytes', 'Resident memory.', ({ residentBytes }) => residentBytes)
  now('heap_used_bytes', 'JavaScript heap in use.', ({ heapUsedBytes }) => heapUsedBytes)
  now('workers', 'Worker processes that should be.', ({ workers }) => workers?.expected ?? 1)
  now('workers_up', 'Worker processes that take connections.', ({ workers }) => workers?.up ?? 1)
  now(
    'workers_answered',
    'Worker processes whose numbers of now are in these.',
    ({ workers }) => workers?.answered ?? 1,
  )
  new Counter({
    name: 'afluente_worker_deaths_total',
    help: 'Worker processes that ended without having been told to.',
    registers,
    collect() {
      this.reset()
      this.inc(reading.workers?.deaths ?? 0)
    },
  })
  return async () => {
    reading = await read()
    return registry.metrics()
  }
}
