import { performance } from 'node:perf_hooks'

const lookEveryMs = 100
const busyFrom = 0.85 // of the time

/**
 * Makes what tells whether this thread's event loop was at work, rather than waiting, for most of the last tenth of a
 * second. It may be asked thousands of times a second.
 */
export function busyLoop(): () => boolean {
  let isBusy = false
  let lookedAt = performance.now()
  let seen = performance.eventLoopUtilization()
  return () => {
    const now = performance.now()
    if (now - lookedAt < lookEveryMs) return isBusy
    const before = seen
    lookedAt = now
    seen = performance.eventLoopUtilization()
    isBusy = performance.eventLoopUtilization(seen, before).utilization >= busyFrom
    return isBusy
  }
}
