#!/usr/bin/env node
import { AfluenteError } from '../errors.js'
import { createCounters } from '../stats/counters.js'
import { createLog } from './log.js'
import { runService } from './runService.js'
import { readEnvironment, settingsOf } from './settings.js'

const counters = createCounters()

try {
  const settings = settingsOf(readEnvironment())
  const log = createLog({ level: settings.LOG_LEVEL, format: settings.LOG_FORMAT })

  // The last net: what falls in here is a fault of ours, yet it must not take everybody's sessions with it.
  process.on('uncaughtException', (error) => {
    counters.uncaught++
    log.error('Uncaught error', { reason: error.name, at: error.stack?.split('\n')[1]?.trim() ?? '' })
  })

  const service = await runService(settings, log, counters)
  let isEnding = false
  const end = (signal: string) => {
    if (isEnding) process.exit(1)
    isEnding = true
    log.info('Draining: no new sessions', { signal })
    // Whoever doesn't answer is cut off by the close time-out; this is for what nobody foresaw.
    setTimeout(() => {
      log.error('Draining ran out of time')
      process.exit(0)
    }, 9_000).unref()
    void service.end().then(() => process.exit(0))
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
} catch (error) {
  if (!(error instanceof AfluenteError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1) // the feed may run already
}
