import type { Counters } from '../stats/counters.js'
import type { Log } from '../stats/log.js'

/** The last net: what falls in here is a fault of ours, yet it must not take everybody's sessions with it. */
export function spreadLastNet(counters: Counters, log: Log): void {
  process.on('uncaughtException', (error) => {
    counters.uncaught++
    log.error('Uncaught error', { reason: error.name, at: error.stack?.split('\n')[1]?.trim() ?? '' })
  })
}
