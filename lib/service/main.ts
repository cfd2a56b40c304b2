#!/usr/bin/env -S node --max-semi-space-size=8 --use-largepages=silent
// Node's young generation grows to three times 16 MB while thousands come in: a fifth of what an open session takes.
// On large pages its own code is 29 MB that processes don't share, and a delivery in S2 is 8 % cheaper.
import { AfluenteError } from '../errors.js'
import { createCounters } from '../stats/counters.js'
import { explainDemo, startDemo } from './demo.js'
import { spreadLastNet } from './lastNet.js'
import { createLog } from './log.js'
import { runService } from './runService.js'
import { readEnvironment, settingsOf } from './settings.js'
import { startWarnings } from './startWarnings.js'
import { runWorkers } from './workers.js'

// A terminal signals npm and all that it runs, as service managers do, and npm hands on what it gets: both are one.
const sameSignalMs = 500

const counters = createCounters()

try {
  const environment = readEnvironment()
  const named = settingsOf(environment)
  const log = createLog({ level: named.LOG_LEVEL, format: named.LOG_FORMAT })
  spreadLastNet(counters, log)

  for (const warning of startWarnings(named)) log.warn(warning)

  // Where no broker is named there is one of our own, and a fleet.
  const isDemo = named.BROKER_HOST === undefined
  const demo = isDemo ? await startDemo() : undefined
  const settings =
    demo === undefined ? named : { ...named, BROKER_HOST: demo.brokerUrl, PASETO_SECRET_KEY: demo.share.key }
  const service =
    settings.WORKERS === 1
      ? await runService(settings, log, counters, { isDemo })
      : await runWorkers(settings, log, counters, { isDemo, environment })
  if (demo === undefined) log.info('Listening', { host: settings.HOST, port: service.port })
  else explainDemo(demo, service.port)

  let endingSince: number | undefined
  const end = (signal: string) => {
    if (endingSince !== undefined) {
      if (performance.now() - endingSince > sameSignalMs) process.exit(1)
      return
    }
    endingSince = performance.now()
    log.info('Draining: no new sessions', { signal })
    // Whoever doesn't answer is cut off by the close time-out; this is for what nobody foresaw.
    setTimeout(() => {
      log.error('Draining ran out of time')
      process.exit(0)
    }, 9_000).unref()
    void service
      .end()
      .then(() => demo?.end())
      .then(() => process.exit(0))
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
} catch (error) {
  if (!(error instanceof AfluenteError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1) // the feed may run already
}
