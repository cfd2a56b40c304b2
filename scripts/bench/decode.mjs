// How many device messages a second afluente decodes and routes when nobody watches: the feed alone, no session. The
// publisher is the broker itself and pushes as fast as it is read, so that no broker takes part of the machine.
import { get } from 'node:http'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { entry, startService } from './contestants/afluente.mjs'
import { missingMosquitto, startBroker, topic } from './contestants/broker.mjs'
import { cpuOf, secondsBetween } from './harness/cost.mjs'
import { startPublisher } from './harness/loaders.mjs'
import { freePort } from './harness/processes.mjs'
import { median } from './harness/statistics.mjs'

const help = `How many device messages a second afluente decodes and routes when nobody watches.

  node scripts/bench/decode.mjs [options]          (after npm run build)

  --seconds N      measured in each run, after a warm-up of 3 (default 5)
  --runs N         medians are shown (default 1)
  --rate N         messages a second; 0 (default): as fast as they are read
  --payload BYTES  350 (default), 600, 4000
  --devices N      1000 (default)
  --broker         through Mosquitto rather than straight from the publisher; needs a --rate
  --profile FOLDER a CPU profile of the service, left there
`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '1' },
    rate: { type: 'string', default: '0' },
    payload: { type: 'string', default: '350' },
    devices: { type: 'string', default: '1000' },
    broker: { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

function processedBy(port) {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port, path: '/api/v1/stream/stats', agent: false },
      async (response) => {
        let body = ''
        for await (const chunk of response.setEncoding('utf8')) body += chunk
        resolve({ count: JSON.parse(body).total_messages_processed, at: performance.now() / 1000 })
      },
    )
    request.on('error', reject)
  })
}

async function run() {
  const started = []
  const keep = (program) => {
    started.push(program)
    return program
  }
  try {
    const scenario = { devices: Number(values.devices), rate: Number(values.rate) }
    const load = { scenario, payload: Number(values.payload), seed: 1 }
    const port = await freePort()
    const broker = values.broker ? await startBroker() : undefined
    if (broker) keep(broker.program)
    const feed = { protocol: 'mqtt', port: broker?.port ?? (await freePort()), topic, serve: !broker }
    const publisher = keep(await startPublisher({ feed, ...load }))
    const service = keep(await startService(port, feed.port, { profile: values.profile }))
    if (feed.serve) await publisher.connected()
    await publisher.go()
    await delay(3000)
    const [countBefore, cpuBefore] = [await processedBy(port), cpuOf([service.pid])]
    await delay(Number(values.seconds) * 1000)
    const [countAfter, cpuAfter] = [await processedBy(port), cpuOf([service.pid])]
    const published = await publisher.mark()
    const messages = countAfter.count - countBefore.count
    const cpu = secondsBetween(cpuBefore, cpuAfter)
    const elapsed = countAfter.at - countBefore.at
    return {
      perSecond: messages / elapsed,
      perCpuSecond: messages / cpu,
      cores: cpu / elapsed,
      microsPerMessage: (cpu / messages) * 1e6,
      publisherCores: published.cores,
    }
  } finally {
    for (const program of started.reverse()) await program.stop()
  }
}

async function main() {
  if (values.help) return process.stdout.write(help)
  const missing = existsSync(entry)
    ? values.broker && missingMosquitto()
    : 'afluente is not built: npm run build'
  if (missing) throw new Error(missing)
  if (values.broker && values.rate === '0')
    throw new Error('--broker needs a --rate: a broker takes all it is given')
  const results = []
  for (let index = 0; index < Number(values.runs); index++) results.push(await run())
  const middle = (name) => median(results.map((result) => result[name]))
  process.stdout.write(
    [
      `messages a second        ${Math.round(middle('perSecond')).toLocaleString('en')}`,
      `per second of CPU        ${Math.round(middle('perCpuSecond')).toLocaleString('en')}`,
      `µs of CPU a message      ${middle('microsPerMessage').toFixed(2)}`,
      `cores                    ${middle('cores').toFixed(2)} (publisher ${middle('publisherCores').toFixed(2)})`,
      '',
    ].join('\n'),
  )
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
