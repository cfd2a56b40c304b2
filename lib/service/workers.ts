import cluster, { type Worker } from 'node:cluster'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AfluenteError } from '../errors.js'
import { type Counters, createCounters } from '../stats/counters.js'
import { caughtUp, groupReading, totalsOf } from '../stats/groupReading.js'
import type { Log } from '../stats/log.js'
import { oneAtATime } from './oneAtATime.js'
import type { Service } from './runService.js'
import type { Settings } from './settings.js'
import { type News, type ToWorker, workerLink } from './workerLink.js'

export interface WorkersOptions {
  /** What the settings were read from, and what the workers read theirs from. */
  readonly environment: Readonly<Record<string, string>>
  /** Whether the workers serve the examples, too. */
  readonly isDemo: boolean
}

/** One place in the group, and who works there. */
interface Place {
  worker?: Worker
  link?: ToWorker
  /** Whether it takes connections. */
  isUp: boolean
  wasUp: boolean
  /** What those counted who died here. */
  before: Counters
  /** What who works here counted when it last said so. */
  known: Counters
}

/** A worker that doesn't say in time what it knows is left out of the answer. */
const answerWaitMs = 1000
const youngMs = 10_000

/**
 * The service as several processes that share its port, each with a feed and sessions of its own. This one, the primary,
 * starts them, puts another in the place of one that dies, and knows what they know together; it serves nobody itself.
 *
 * @throws AfluenteError `ERR_WORKER` where one of them can't work from the start: then this process should end, which
 * ends all of them.
 */
export async function runWorkers(
  settings: Settings,
  log: Log,
  counters: Counters,
  { environment, isDemo }: WorkersOptions,
): Promise<Service> {
  if (!cluster.isPrimary) {
    throw new AfluenteError('ERR_CONFIG', 'WORKERS: expected 1, since this is a worker of another program')
  }
  // Round robin: this process accepts, and hands each connection to the next worker that is free. It took 1.5 times as
  // long as SCHED_NONE, where the workers accept by themselves, until 4,000 sessions were open at once, and 1.5 times the
  // CPU (0.44 ms a session rather than 0.30; medians of seven, 2 workers on 2 cores). But a session stays where it lands:
  // of 300 that came one after another to an idle group, SCHED_NONE gave up to three quarters to one worker, since who
  // fell asleep last wakes first; round robin halved them. (Of the 4,000 at once, 63:37 at worst against 54:46.)
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('worker.js', import.meta.url)),
    args: isDemo ? ['demo'] : [],
  })
  const places = Array.from({ length: settings.WORKERS }, newPlace)
  const ending = new AbortController()
  const isEnding = () => ending.signal.aborted
  let portToAsk = settings.PORT
  let deaths = 0

  // However this process ends, nobody stays behind.
  process.on('exit', () => {
    for (const { worker } of places) worker?.process.kill('SIGKILL')
  })

  const readGroup = oneAtATime(async () => {
    const answers = await Promise.all(places.map(askPlace))
    const up = places.filter(({ isUp }) => isUp).length
    const group = groupReading(answers, { up, deaths })
    return {
      ...group,
      counters: { ...group.counters, uncaught: group.counters.uncaught + counters.uncaught },
      residentBytes: group.residentBytes + process.memoryUsage.rss(),
    }
  })

  /** Starts a worker. Resolves when it ended, with how. */
  async function work(place: Place, onUp: (port: number) => void): Promise<string> {
    const worker = cluster.fork({
      ...environment,
      BROKER_HOST: settings.BROKER_HOST ?? '',
      PASETO_SECRET_KEY: settings.PASETO_SECRET_KEY ?? '',
      PORT: String(portToAsk),
      MAX_SESSIONS: String(Math.ceil(settings.MAX_SESSIONS / settings.WORKERS)),
    })
    let failure: string | undefined
    const onNews = (news: News) => {
      if (news.type === 'up') {
        place.isUp = true
        place.wasUp = true
        onUp(news.port)
        log.info('A worker is up', { worker: worker.id, pid: worker.process.pid ?? 0 })
      } else if (news.type === 'failed') {
        failure = news.message
        worker.process.kill('SIGKILL')
      } else if (news.type === 'shareChanged') {
        for (const other of places) if (other !== place) other.link?.tell(news)
      }
    }
    const link: ToWorker = workerLink(worker, { onAsk: readGroup, onNews })
    place.worker = worker
    place.link = link
    return new Promise((resolve) => {
      const end = (how: string) => {
        place.isUp = false
        place.before = totalsOf(place.before, place.known)
        place.known = createCounters()
        link.close()
        resolve(failure ?? how)
      }
      worker.once('exit', (code, signal) => end(signal || `exit code ${code}`))
      // Without a process there will be no exit; with one, an error is of a channel that closes, and the exit follows.
      worker.on('error', (error) => worker.process.pid === undefined && end(error.message))
    })
  }

  /** Keeps somebody working in a place until the group ends. */
  async function keep(place: Place, onFirstUp: (port: number) => void): Promise<void> {
    let youngDeaths = 0
    while (!isEnding()) {
      const startedAt = Date.now()
      const how = await work(place, onFirstUp).catch(String)
      if (isEnding()) return
      if (!place.wasUp) throw new AfluenteError('ERR_WORKER', how)
      deaths++
      youngDeaths = Date.now() - startedAt < youngMs ? youngDeaths + 1 : 0
      const inMs = restartDelayMs(youngDeaths)
      const { id = 0, process: { pid = 0 } = {} } = place.worker ?? {}
      log.error('A worker died: starting another', { worker: id, pid, how, in_ms: inMs, deaths })
      // The port that was free is given back when nobody listens on it; who comes next asks for that very one.
      if (places.every(({ isUp }) => !isUp)) portToAsk = await port
      const [group] = await Promise.all([
        readGroup(),
        delay(inMs, undefined, { signal: ending.signal }).catch(() => undefined),
      ])
      place.before = caughtUp(place.before, group.counters)
    }
  }

  const keeping: Promise<void>[] = []
  const starts = places.map(
    (place) =>
      new Promise<number>((resolve, reject) => {
        keeping.push(keep(place, resolve).catch(reject))
      }),
  )
  const port = Promise.all(starts).then(([first = 0]) => first)
  return {
    port: await port,
    async end() {
      ending.abort()
      for (const { isUp, link, worker } of places) {
        // Who isn't up yet has nobody to take leave of.
        if (isUp) link?.tell({ type: 'drain' })
        else worker?.process.kill('SIGKILL')
      }
      await Promise.all(keeping)
    },
  }
}

function newPlace(): Place {
  return { isUp: false, wasUp: false, before: createCounters(), known: createCounters() }
}

async function askPlace(place: Place) {
  const snapshot = place.isUp ? await place.link?.ask(answerWaitMs) : undefined
  if (snapshot !== undefined) place.known = snapshot.counters
  return { before: place.before, known: place.known, snapshot }
}

/** How long a place stays empty, by how many in a row died young there. */
export function restartDelayMs(youngDeaths: number): number {
  return youngDeaths === 0 ? 0 : Math.min(30_000, 250 * 2 ** Math.min(youngDeaths - 1, 30))
}
