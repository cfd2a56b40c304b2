// What share links cost: how many tokens a second are verified, and what a burst of viewers does to the streams that are
// open already. The burst is measured beside one of as many plain sessions, and beside no burst at all.
import { fork } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connectAsync } from 'mqtt'
import { entry, startService } from './contestants/afluente.mjs'
import { missingMosquitto, startBroker, topic } from './contestants/broker.mjs'
import { freePort } from './harness/processes.mjs'
import { median } from './harness/statistics.mjs'

const help = `What share links cost: tokens verified in a second, and what a burst of viewers does to open streams.

  node scripts/bench/shares.mjs [options]          (after npm run build)

  --runs N     medians are shown (default 5)
  --viewers N  that come at once (default 1000)
  --watchers N streams that are open already, each of one device that reports 10 times a second (default 100)
`

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    viewers: { type: 'string', default: '1000' },
    watchers: { type: 'string', default: '100' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const viewers = Number(values.viewers)
const watchers = Number(values.watchers)
const sharePath = '/api/v1/public/share-location/stream'

const claims = (deviceId) => ({
  share_id: randomUUID(),
  unit_id: randomUUID(),
  device_id: deviceId,
  scope: 'public-location-share',
  iat: new Date().toISOString(),
  exp: new Date(Date.now() + 3_600_000).toISOString(),
})

async function verified(ring, openShareToken, tokens) {
  const startedAt = performance.now()
  for (const token of tokens) {
    const opened = await openShareToken(ring, token, Date.now())
    if (opened.kind !== 'sound') throw new Error(`expected a sound token, got ${opened.kind}`)
  }
  return (tokens.length / (performance.now() - startedAt)) * 1000
}

const answerOf = (child) => new Promise((resolve) => child.once('message', resolve))

function ask(child, message) {
  const answer = answerOf(child)
  child.send(message)
  return answer
}

async function main() {
  if (values.help) return process.stdout.write(help)
  const missing = existsSync(entry) ? missingMosquitto() : 'afluente is not built: npm run build'
  if (missing) throw new Error(missing)
  const lib = new URL('../../dist/lib/', import.meta.url)
  const { keyRing } = await import(new URL('auth/keyRing.js', lib))
  const { openShareToken } = await import(new URL('auth/shareToken.js', lib))
  const secretKeys = randomBytes(32).toString('base64')
  const ring = keyRing({ secretKeys })
  const tokens = await Promise.all(
    Array.from({ length: 5000 }, (_, index) => ring.seal(claims(`d${index % watchers}`))),
  )
  await verified(ring, openShareToken, tokens)
  const rates = []
  for (let run = 0; run < Number(values.runs); run++) rates.push(await verified(ring, openShareToken, tokens))
  process.stdout.write(`tokens verified a second  ${Math.round(median(rates)).toLocaleString('en')}\n`)

  const broker = await startBroker()
  const port = await freePort()
  const service = await startService(port, broker.port, { PASETO_SECRET_KEY: secretKeys })
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
  const crowd = fork(new URL('loader/crowd.mjs', import.meta.url))
  const witness = fork(new URL('loader/witness.mjs', import.meta.url))
  try {
    let turn = 0
    // A hundredth of a second apart, so that nothing but the burst is a burst.
    const publishing = setInterval(() => {
      for (let device = turn++ % 10; device < watchers; device += 10) {
        const at = performance.timeOrigin + performance.now()
        client.publish(topic, JSON.stringify({ data: { DEVICE_ID: `d${device}`, AT: at, LAT: 1, LON: 2 } }))
      }
    }, 10)
    await ask(witness, { port, watchers })
    const plain = Array.from(
      { length: viewers },
      (_, index) => `/api/v1/stream?device_ids=d${index % watchers}`,
    )
    const shared = tokens.slice(0, viewers).map((token) => `${sharePath}?token=${token}`)
    const figures = { quiet: [], plain: [], shared: [] }
    for (let run = 0; run < Number(values.runs); run++) {
      for (const [name, paths] of [
        ['quiet', []],
        ['plain', plain],
        ['shared', shared],
      ]) {
        await delay(1000)
        await ask(witness, 'begin')
        const { tookMs } = await ask(crowd, { port, paths })
        await delay(Math.max(0, 2000 - tookMs))
        figures[name].push({ tookMs, ...(await ask(witness, 'end')) })
        await ask(crowd, 'leave')
      }
    }
    clearInterval(publishing)
    for (const [name, runs] of Object.entries(figures)) {
      const middle = (figure) => median(runs.map((each) => each[figure])).toFixed(1)
      process.stdout.write(
        `${name.padEnd(8)} p50 ${middle('p50')} ms, p99 ${middle('p99')} ms, longest ${middle('max')} ms, all stream after ${middle('tookMs')} ms\n`,
      )
    }
    const ratio = (figure) =>
      median(figures.shared.map((each, run) => each[figure] / figures.plain[run][figure]))
    process.stdout.write(
      `shared over plain: p99 ${ratio('p99').toFixed(2)}, longest ${ratio('max').toFixed(2)}\n`,
    )
  } finally {
    crowd.kill()
    witness.kill()
    await client.endAsync(true)
    await service.stop()
    await broker.program.stop()
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
