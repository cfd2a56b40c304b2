import cluster from 'node:cluster'
import { Subject } from 'rxjs'
import { createCounters } from '../stats/counters.js'
import { groupReading } from '../stats/groupReading.js'
import type { Reading } from '../stats/reading.js'
import { spreadLastNet } from './lastNet.js'
import { createLog } from './log.js'
import { runService } from './runService.js'
import { setOnes, settingsOf } from './settings.js'
import { type ToPrimary, workerLink } from './workerLink.js'

// What a worker process runs. Its primary has read the configuration and hands it on, whole, in the environment.

/** Longer than the primary waits for its workers. */
const answerWaitMs = 2500

const settings = settingsOf(setOnes(process.env))
const counters = createCounters()
const fields = { worker: cluster.worker?.id ?? 0 }
const log = createLog({ level: settings.LOG_LEVEL, format: settings.LOG_FORMAT, fields })
spreadLastNet(counters, log)

const changedElsewhere$ = new Subject<string | null>()
const starting = runService(settings, log, counters, {
  isDemo: process.argv.includes('demo'),
  readGroup,
  others: {
    tellChanged: (shareId) => primary.tell({ type: 'shareChanged', shareId }),
    changed$: changedElsewhere$.asObservable(),
  },
})
const primary: ToPrimary = workerLink(process, {
  onAsk: async () => (await starting).snapshot(),
  onNews(news) {
    if (news.type === 'drain') void end()
    else if (news.type === 'shareChanged') changedElsewhere$.next(news.shareId)
  },
})

// Where the primary doesn't answer, the group is what is left of it here.
async function readGroup(): Promise<Reading> {
  const group = await primary.ask(answerWaitMs)
  if (group !== undefined) return group
  const snapshot = (await starting).snapshot()
  const before = createCounters()
  const nobody = { before, known: before, snapshot: undefined }
  const others = Array.from({ length: settings.WORKERS - 1 }, () => nobody)
  return groupReading([{ before, known: counters, snapshot }, ...others], { up: settings.WORKERS, deaths: 0 })
}

let isEnding = false
async function end(): Promise<void> {
  if (isEnding) return
  isEnding = true
  const service = await starting
  await service.end()
  process.exit(0)
}

// A supervisor, or a terminal, signals every process of the group. It is the primary that counts how often.
process.on('SIGTERM', () => void end())
process.on('SIGINT', () => void end())

starting.then(
  ({ port }) => primary.tell({ type: 'up', port }),
  (error: unknown) =>
    primary.tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
)
