import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { get } from 'node:http'
import { restartDelayMs } from '../../lib/service/workers.js'
import { type Client, openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { closeAll, opens } from '../support/opened.js'
import { run } from '../support/process.js'
import { message, startPublisher } from '../support/publisher.js'
import { eventOf, openRawSocket } from '../support/rawSocket.js'
import { main, type ServiceUnderTest, startService } from '../support/service.js'

const stream = '/api/v1/stream?device_ids='

/** An answer on a connection of its own, which any worker may get. */
function ask(
  { http }: ServiceUnderTest,
  path: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    get(`${http}${path}`, { agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }),
      )
    }).on('error', reject)
  })
}

const statsOf = async (service: ServiceUnderTest) => (await ask(service, '/api/v1/stream/stats')).body

/** Two workers with their feeds up. */
async function startTwo(broker: Mosquitto, environment: Record<string, string> = {}) {
  const service = await startService({ BROKER_HOST: broker.address, WORKERS: '2', ...environment })
  await eventually(
    () => ask(service, '/readyz'),
    ({ status }) => status === 200,
  )
  return service
}

/** The pids of the workers so far, in the order they came. */
const pidsOf = (service: ServiceUnderTest) =>
  [...service.output().matchAll(/A worker is up worker=\d+ pid=(\d+)/g)].map(([, pid]) => Number(pid))

const stateOf = (pid: number) => {
  try {
    return /^\d+ \(.*\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

const isGone = (pid: number) => stateOf(pid) === undefined || stateOf(pid) === 'Z'

/** Does something while a worker is frozen, so that another has to do it. */
async function without<T>(pid: number, work: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP')
  const wake = opens(`frozen ${pid}`, () => {
    if (!isGone(pid)) process.kill(pid, 'SIGCONT')
    return Promise.resolve()
  })
  await eventually(
    () => stateOf(pid),
    (state) => state === 'T',
  )
  try {
    return await work()
  } finally {
    await wake()
  }
}

/** A client in each of the two workers that there are. */
async function openInEach(service: ServiceUnderTest, [one = 0, other = 0]: number[], ids: [string, string]) {
  const inOne = await without(other, () => openClient(`${service.ws}${stream}${ids[0]}`))
  const inOther = await without(one, () => openClient(`${service.ws}${stream}${ids[1]}`))
  return [inOne, inOther] as const
}

describe('runWorkers', () => {
  let broker: Mosquitto

  beforeEach(async () => {
    broker = await startMosquitto()
  })
  afterEach(closeAll)

  it('shares a port among workers, and tells the largest, the sum and the union, whoever is asked', async () => {
    const service = await startTwo(broker)
    const clients = await openInEach(service, pidsOf(service), ['A,B', 'B,C'])
    const publisher = await startPublisher(broker)
    for (const id of ['A', 'B', 'C', 'nobody']) await publisher.publish(message(id))
    await publisher.publish('not JSON')
    await publisher.publish(message('B', { last: true }))
    for (const client of clients) await client.messages(3)
    await eventually(
      () => service.metrics(),
      (metrics) => metrics.get('afluente_messages_unwatched_total') === 2,
    )
    for (let times = 0; times < 6; times++) {
      expect(await statsOf(service)).to.deep.equal({
        total_messages_processed: 5,
        active_subscribers: 4,
        devices_being_monitored: 3,
        open_sessions: 2,
        workers: 2,
        workers_answered: 2,
      })
    }
    const metrics = await service.metrics()
    expect(
      Object.fromEntries(
        [
          'messages_total',
          'malformed_total{reason="bad_json"}',
          'messages_unwatched_total',
          'delivered_total',
          'feed_connections_total',
          'sessions',
          'subscribers',
          'devices_watched',
          'feed_up',
          'workers_up',
          'worker_deaths_total',
        ].map((name) => [name, metrics.get(`afluente_${name}`)]),
      ),
    ).to.deep.equal({
      messages_total: 5,
      'malformed_total{reason="bad_json"}': 1,
      messages_unwatched_total: 2, // each worker has a device of its own that the other counts so
      delivered_total: 6,
      feed_connections_total: 2,
      sessions: 2,
      subscribers: 4,
      devices_watched: 3,
      feed_up: 1,
      workers_up: 2,
      worker_deaths_total: 0,
    })
  })

  it('puts another in the place of a worker that is killed: its sessions alone end, and no total goes back', async () => {
    const service = await startTwo(broker)
    const [one = 0, other = 0] = pidsOf(service)
    const [lost, kept] = await openInEach(service, [one, other], ['A', 'A,B'])
    const publisher = await startPublisher(broker)
    await publisher.publish(message('A'))
    await Promise.all([lost.messages(1), kept.messages(1)])
    expect(await statsOf(service)).to.include({ active_subscribers: 3 })

    process.kill(one, 'SIGKILL')
    expect((await lost.closed).code).to.equal(1006)
    await service.printed(
      new RegExp(`A worker died: starting another worker=. pid=${one} how="SIGKILL" in_ms=250 deaths=1`),
    )
    await service.printed(/A worker is up worker=3/)
    await eventually(
      () => ask(service, '/readyz'),
      ({ body }) => body.status === 'ready',
    )
    expect(await statsOf(service)).to.deep.equal({
      total_messages_processed: 1,
      active_subscribers: 2,
      devices_being_monitored: 2,
      open_sessions: 1,
      workers: 2,
      workers_answered: 2,
    })

    const fresh = await without(other, () => openClient(`${service.ws}${stream}A`))
    await publisher.publish(message('A'))
    await Promise.all([fresh.messages(1), kept.messages(2)])
    expect(await statsOf(service)).to.include({ total_messages_processed: 2, open_sessions: 2 })
    const metrics = await service.metrics()
    expect(metrics.get('afluente_delivered_total')).to.equal(4)
    expect(metrics.get('afluente_worker_deaths_total')).to.equal(1)
    expect(service.output().match(/A worker died/g)).to.have.length(1)
  })

  it('keeps its port and its count when all workers die at once', async () => {
    const service = await startTwo(broker)
    const publisher = await startPublisher(broker)
    await publisher.publish(message('A'))
    await eventually(
      () => statsOf(service),
      ({ total_messages_processed }) => total_messages_processed === 1,
    )
    for (const pid of pidsOf(service)) process.kill(pid, 'SIGKILL')
    await service.printed(/A worker is up worker=3/)
    await service.printed(/A worker is up worker=4/)
    const stats = await eventually(
      () => statsOf(service),
      ({ workers_answered }) => workers_answered === 2,
    )
    expect(stats.total_messages_processed).to.equal(1)
  })

  it('is not ready while a worker is frozen, and says whose numbers are missing', async () => {
    const service = await startTwo(broker)
    const [one = 0, other = 0] = pidsOf(service)
    await openInEach(service, [one, other], ['A', 'B'])
    await without(one, async () => {
      const { status, body } = await ask(service, '/readyz')
      expect([status, body.status]).to.deep.equal([503, 'worker_silent'])
      expect(await statsOf(service)).to.include({ active_subscribers: 1, workers: 2, workers_answered: 1 })
    })
    await eventually(
      () => ask(service, '/readyz'),
      ({ status }) => status === 200,
    )
  })

  it('is not ready while the broker is away', async () => {
    const service = await startTwo(broker)
    await broker.stop()
    const { body } = await eventually(
      () => ask(service, '/readyz'),
      ({ status }) => status === 503,
    )
    expect(body).to.include({ status: 'feed_down', feed: 'down' })
  })

  it('drains all of them on SIGTERM', async () => {
    const service = await startTwo(broker)
    const pids = pidsOf(service)
    const clients: Client[] = []
    for (let times = 0; times < 3; times++) clients.push(...(await openInEach(service, pids, ['A', 'B'])))
    expect(await service.stop('SIGTERM')).to.equal(0)
    for (const client of clients) {
      expect(await client.closed).to.deep.equal({ code: 1001, reason: 'Server draining' })
      expect(client.frames().map(({ event }) => event)).to.deep.equal(['draining'])
    }
    expect(service.output()).to.not.include('A worker died')
    expect(service.output().match(/Draining/g)).to.have.length(1)
    expect(pids.map(isGone)).to.deep.equal([true, true])
  })

  it('drains once where a terminal signals the workers, too', async () => {
    const service = await startTwo(broker)
    const pids = pidsOf(service)
    const [client] = await openInEach(service, pids, ['A', 'B'])
    for (const pid of pids) process.kill(pid, 'SIGINT')
    expect(await service.stop('SIGINT')).to.equal(0)
    expect((await client.closed).code).to.equal(1001)
    expect(client.frames()).to.have.length(1)
  })

  it('ends at once on a second SIGTERM, and leaves nobody behind', async () => {
    const service = await startTwo(broker, { CLOSE_TIMEOUT_SECS: '60' })
    const silent = await openRawSocket(`${service.ws}${stream}A`, { allowHalfOpen: true })
    service.child.kill('SIGTERM')
    await silent.next((frame) => eventOf(frame)?.event === 'draining')
    service.child.kill('SIGTERM')
    expect(await service.exited).to.equal(1)
    await eventually(
      () => pidsOf(service).every(isGone),
      (areGone) => areGone,
    )
  })

  it('leaves nobody behind when the primary is killed', async () => {
    const service = await startTwo(broker)
    await service.stop('SIGKILL')
    await eventually(
      () => pidsOf(service).every(isGone),
      (areGone) => areGone,
    )
  })

  for (const [title, environment, expected] of [
    ['a bad variable', { MAX_SESSIONS: '-1' }, /^The configuration can't be used:\n {2}MAX_SESSIONS: .*\n$/],
    ['no workers', { WORKERS: '0' }, /^The configuration can't be used:\n {2}WORKERS: .*\n$/],
  ] as const) {
    it(`ends once, with one message, for ${title}`, async () => {
      const started = run(process.execPath, [main], {
        cwd: '/',
        env: { PATH: process.env.PATH, BROKER_HOST: broker.address, PORT: '0', WORKERS: '3', ...environment },
      })
      expect(await started.exited).to.equal(1)
      expect(started.output()).to.match(expected)
    })
  }

  it("ends once, with one message, where the port can't be had", async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    opens('taken port', () => new Promise((resolve) => taken.close(resolve)))
    const { port } = taken.address() as { port: number }
    const started = run(process.execPath, [main], {
      cwd: '/',
      env: {
        PATH: process.env.PATH,
        BROKER_HOST: broker.address,
        HOST: '127.0.0.1',
        PORT: String(port),
        WORKERS: '3',
        LOG_LEVEL: 'error',
      },
    })
    expect(await started.exited).to.equal(1)
    expect(started.output()).to.match(/^can't listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/)
  })

  it('divides MAX_SESSIONS among the workers', async () => {
    const service = await startTwo(broker, { MAX_SESSIONS: '3' })
    const [, other = 0] = pidsOf(service)
    await without(other, async () => {
      const open = () => openClient(`${service.ws}${stream}A`)
      await open()
      await open()
      expect(await open().catch(String)).to.include('503')
    })
    expect((await service.metrics()).get('afluente_sessions_refused_total')).to.equal(1)
  })

  it('runs the demo: one broker and one fleet for all workers', async () => {
    const service = await startService({ WORKERS: '2' })
    await eventually(
      () => ask(service, '/readyz'),
      ({ status }) => status === 200,
    )
    const clients = await openInEach(service, pidsOf(service), ['0848086072', '0848086072'])
    for (const client of clients) await client.messages(1)
    expect((await fetch(`${service.http}/`)).status).to.equal(200)
    expect(await service.stop('SIGTERM')).to.equal(0)
  })
})

describe('restartDelayMs', () => {
  it('grows with each that dies young, up to half a minute', () => {
    expect([0, 1, 2, 3, 8, 100].map(restartDelayMs)).to.deep.equal([0, 250, 500, 1000, 30_000, 30_000])
  })
})
