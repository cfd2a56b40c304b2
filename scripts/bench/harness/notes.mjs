// What a reader must know beside the figures: what went wrong with the server, and whether it was the load generator
// or the rest of the machine that set the figures.
import { secondsBetween } from './cost.mjs'

export function serverNotes(server, report, scenario) {
  const notes = []
  if (scenario.shrunk) notes.push(scenario.shrunk)
  if (server.hasEnded()) notes.push(`the server ended: ${server.complaint().trim().slice(-200)}`)
  if (report.closed) notes.push(`${report.closed} sessions were closed by the server`)
  if (report.refused && scenario.kind !== 'storm') notes.push(`${report.refused} handshakes failed`)
  if (report.isLate) notes.push('what counts as lost was late: it was still arriving when the run ended')
  if (report.errors) notes.push(`${report.errors} errors answered`)
  if (report.notices) notes.push(`${report.notices} other events (dropped, …)`)
  return notes
}

export function loaderNotes({
  report,
  published,
  dropped,
  before,
  elapsed,
  serverSeconds,
  brokerSeconds,
  inRate,
  wanted,
  ...after
}) {
  const notes = []
  if (report.cores > 0.9)
    notes.push(`the subscriber took ${report.cores.toFixed(2)} of a core: it was the bottleneck`)
  if (published.cores > 0.9)
    notes.push(`the publisher took ${published.cores.toFixed(2)} of a core: it was the bottleneck`)
  if (published.lagMs > 50)
    notes.push(`the publisher was up to ${published.lagMs.toFixed(0)} ms behind its schedule`)
  if (wanted && inRate < wanted * 0.98)
    notes.push(`only ${inRate.toFixed(inRate < 100 ? 1 : 0)} of ${wanted}/s could be published`)
  if (dropped)
    notes.push(`the machine dropped ${dropped} packets on the way: net.core.netdev_max_backlog is too small`)
  if (!before) return notes
  const loaders = secondsBetween(before.loaders, after.loaders)
  const busy = after.machine.busy - before.machine.busy
  const idle = after.machine.idle - before.machine.idle
  const others = (busy - serverSeconds - brokerSeconds - loaders) / elapsed
  if (brokerSeconds / elapsed > 0.9) notes.push('the broker took a whole core')
  if (others > 0.3) notes.push(`other programs took ${others.toFixed(1)} cores`)
  if (idle / (busy + idle) < 0.05) notes.push('no core was idle')
  return notes
}
