import { Counter, Gauge, Registry } from 'prom-client'
import type { Counters } from '../stats/counters.js'

/** Metrics in Prometheus's text format, read from the plain counters when somebody scrapes, and never before. */
export function metricsOf(counters: Counters, isFeedUp: () => boolean): Registry {
  const registry = new Registry()
  const registers = [registry]

  const total = (name: string, help: string, read: () => number) =>
    new Counter({
      name: `afluente_${name}_total`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  const totalBy = (name: string, label: string, help: string, counts: Record<string, number>) =>
    new Counter({
      name: `afluente_${name}_total`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset()
        for (const [value, count] of Object.entries(counts)) this.inc({ [label]: value }, count)
      },
    })
  const now = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `afluente_${name}`,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })

  total('messages', 'Device messages taken from the feed.', () => counters.messages)
  total('messages_unwatched', 'Device messages that nobody watched.', () => counters.unwatched)
  totalBy('malformed', 'reason', 'Payloads that were no device message.', counters.malformed)
  total('delivered', 'Messages handed to sockets.', () => counters.delivered)
  total('dropped', 'Messages that gave way to overflow.', () => counters.dropped)
  total('discarded', 'Messages that waited when their session ended.', () => counters.discarded)
  total(
    'feed_connections',
    'Times that the connection to the broker was made.',
    () => counters.feedConnections,
  )
  totalBy('sessions_ended', 'closing', 'Sessions that ended, by how.', counters.ended)
  totalBy('upgrades_refused', 'status', 'Upgrades refused, by HTTP status.', counters.refused)
  total(
    'connections_dropped',
    'Connections dropped for want of descriptors.',
    () => counters.connectionsDropped,
  )
  total('ignored_frames', 'Frames from clients that were no command.', () => counters.ignoredFrames)
  total('uncaught_errors', 'Errors that only the process-wide net caught.', () => counters.uncaught)
  now('feed_up', 'Whether the feed is connected.', () => Number(isFeedUp()))
  now('sessions', 'Sessions open.', () => counters.sessions)
  now('subscribers', 'Over all sessions, the devices that each watches.', () => counters.watches)
  now('devices_watched', 'Devices with at least one watcher.', () => counters.devicesWatched)
  now('device_actors', 'Devices that have an actor.', () => counters.actors)
  now('resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss())
  now('heap_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed)
  return registry
}
