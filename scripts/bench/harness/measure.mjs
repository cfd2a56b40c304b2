// One run: one contestant under one scenario, from its start to its end.
import { setTimeout as delay } from 'node:timers/promises'
import { cpuOf, droppedPackets, machineSeconds, residentBytes, secondsBetween } from './cost.mjs'
import { startPublisher, startSubscriber } from './loaders.mjs'
import { removeFolders } from './processes.mjs'
import { loaderNotes, serverNotes } from './notes.mjs'

const seconds = (count) => delay(count * 1000)

/** Measures, and leaves nothing running whatever happens. */
export async function measure(contestant, scenario, options) {
  const started = []
  const keep = (program) => {
    started.push(program)
    return program
  }
  try {
    const server = keep(await contestant.start(options))
    // Some servers allocate in the background right after their start.
    await seconds(scenario.settleSeconds ?? 1)
    const run = { server, scenario, keep, ...options }
    if (scenario.kind === 'idle') return await measureIdle(run)
    if (scenario.kind === 'storm') return await measureStorm(run)
    return await measureTraffic(run)
  } finally {
    for (const program of started.reverse()) await program.stop()
    removeFolders()
  }
}

const timeoutMs = (scenario) => (scenario.timeoutSeconds ?? 60) * 1000

async function measureIdle({ server, scenario, keep, ...load }) {
  const before = residentBytes(server.pids)
  const subscriber = keep(startSubscriber({ server, scenario, ...load }))
  const ready = await subscriber.ready(timeoutMs(scenario))
  await seconds(scenario.settleSeconds ?? 3)
  const { streaming, ...report } = await subscriber.mark()
  return {
    kilobytesPerSession: (residentBytes(server.pids) - before) / 1000 / scenario.sessions,
    readySeconds: ready.seconds,
    sessions: streaming,
    notes: serverNotes(server, report, scenario),
  }
}

async function measureStorm({ keep, ...run }) {
  const { server, scenario, ...load } = run
  const publisher = keep(await startPublisher({ feed: server.feed, scenario, ...load }))
  await publisher.go()
  const first = await storm(run, publisher)
  // All who were there have left, as in an outage of the network, and are back.
  await seconds(scenario.settleSeconds ?? 3)
  const again = await storm(run, publisher)
  return {
    ...first,
    againSeconds: again.streamingSeconds,
    sessions: Math.min(first.sessions, again.sessions),
    notes: [...new Set([...first.notes, ...again.notes])],
  }
}

async function storm({ server, scenario, ...load }, publisher) {
  const cpuBefore = cpuOf(server.pids)
  const droppedBefore = droppedPackets()
  const subscriber = startSubscriber({ server, scenario, ...load })
  try {
    // Who doesn't get all of them in is measured too: how far it came is the figure.
    const [ready, streaming] = await Promise.all([
      subscriber.ready(timeoutMs(scenario)).catch(() => undefined),
      subscriber.streaming(timeoutMs(scenario)).catch(() => undefined),
    ])
    const cpu = secondsBetween(cpuBefore, cpuOf(server.pids))
    const [report, published] = [await subscriber.mark(), await publisher.mark()]
    const dropped = droppedPackets() - droppedBefore
    const notes = [...serverNotes(server, report, scenario), ...loaderNotes({ report, published, dropped })]
    if (!streaming) {
      const after = `after ${timeoutMs(scenario) / 1000} s`
      notes.push(`not all stream ${after}: ${report.streaming} of ${scenario.sessions} sessions are open`)
    }
    return {
      readySeconds: ready?.seconds,
      streamingSeconds: streaming?.seconds,
      sessions: report.streaming,
      refused: report.refused,
      cpuMicrosPerSession: (cpu / scenario.sessions) * 1e6,
      notes,
    }
  } finally {
    await subscriber.stop()
  }
}

async function measureTraffic({ server, scenario, keep, ...load }) {
  const subscriber = keep(startSubscriber({ server, scenario, ...load }))
  const ready = await subscriber.ready(timeoutMs(scenario))
  const publisher = keep(await startPublisher({ feed: server.feed, scenario, ...load }))
  await publisher.go()
  await seconds(Math.max(scenario.warmUpSeconds ?? 0, load.warmUpSeconds ?? 0) || 3)

  const readings = async () => ({
    report: await subscriber.mark(),
    published: await publisher.mark(),
    server: cpuOf(server.pids),
    broker: cpuOf(server.brokerPids),
    loaders: cpuOf([subscriber.pid, publisher.pid]),
    machine: machineSeconds(),
  })
  const before = await readings()
  // Everyone reconnects at least twice.
  await seconds(Math.max(scenario.seconds ?? load.seconds, 2 * (scenario.reconnectSeconds ?? 0)))
  const after = await readings()

  const { sent } = await publisher.finish()
  const total = await drained(subscriber, sent)
  const elapsed = (after.report.atNs - before.report.atNs) / 1e9
  const deliveries = after.report.delivered - before.report.delivered
  const serverSeconds = secondsBetween(before.server, after.server)
  const brokerSeconds = secondsBetween(before.broker, after.broker)
  const perDelivery = (cpu) => (deliveries > 0 ? (cpu / deliveries) * 1e6 : undefined)
  const inRate = (after.published.sent - before.published.sent) / elapsed
  const { p50, p99, p999, samples } = after.report
  return {
    deliveriesPerSecond: deliveries / elapsed,
    inPerSecond: inRate,
    cpuMicros: perDelivery(serverSeconds),
    brokerMicros: perDelivery(brokerSeconds),
    cores: serverSeconds / elapsed,
    brokerCores: brokerSeconds / elapsed,
    ...(samples > 0 ? { p50, p99, p999 } : {}),
    delivered: total.delivered,
    ...(scenario.reconnectSeconds
      ? { lost: total.lostOnline, repeats: total.repeats }
      : { expected: total.expected, lost: total.expected - total.delivered }),
    readySeconds: ready.seconds,
    subscriberCores: after.report.cores,
    publisherCores: after.published.cores,
    notes: [
      ...serverNotes(server, total, scenario),
      ...loaderNotes({
        ...after,
        before,
        elapsed,
        serverSeconds,
        brokerSeconds,
        inRate,
        wanted: scenario.rate,
      }),
    ],
  }
}

/** The last report: all that was expected is there, or nothing came for half a second, or three seconds have passed. */
async function drained(subscriber, sent) {
  const until = Date.now() + 3000
  let quiet = 0
  let report = await subscriber.report(sent)
  while (report.delivered < report.expected && quiet < 5 && Date.now() < until) {
    await delay(100)
    const next = await subscriber.report(sent)
    quiet = next.delivered === report.delivered ? quiet + 1 : 0
    report = next
  }
  return { ...report, isLate: report.delivered < report.expected && quiet < 5 }
}
