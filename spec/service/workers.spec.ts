import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { get } from 'node:http'
import { restartDelayMs } from '../../lib/service/workers.js'
import { type Client, openClient } from '../support/client.js'
import { scratchDirectory } from '../support/directories.js'
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

/** Does something while a worker is frozen. */
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

/** Clients one after another, which go to the workers in turn. */
async function openInTurn(service: ServiceUnderTest, ...deviceIds: string[]): Promise<Client[]> {
  const clients: Client[] = []
  for (const ids of deviceIds) clients.push(await openClient(`${service.ws}${stream}${ids}`))
  return clients
}

describe('runWorkers', () => {
  let broker: Mosquitto

  beforeEach(async () => {
    broker = await startMosquitto()
  })
  afterEach(closeAll)

  it('shares a port among workers, and tells the largest, the sum and the union, whoever is asked', async () => {
    const service = await startTwo(broker)
    const clients = await openInTurn(service, 'A,B', 'B,C')
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
    const [one = 0] = pidsOf(service)
    const clients = await openInTurn(service, ...Array.from({ length: 10 }, (_, at) => `A,${at}`))
    const publisher = await startPublisher(broker)
    await publisher.publish(message('A'))
    for (const client of clients) await client.messages(1)
    expect(await statsOf(service)).to.include({ active_subscribers: 20, devices_being_monitored: 11 })

    process.kill(one, 'SIGKILL')
    await service.printed(
      new RegExp(`A worker died: starting another worker=. pid=${one} how="SIGKILL" in_ms=250 deaths=1`),
    )
    await service.printed(/A worker is up worker=3/)
    await eventually(
      () => ask(service, '/readyz'),
      ({ body }) => body.status === 'ready',
    )
    const lost = clients.filter(({ socket }) => socket.readyState !== socket.OPEN)
    const kept = clients.filter((client) => !lost.includes(client))
    expect(lost, 'sessions are handed out in turn').to.have.length(5)
    for (const { closed } of lost) expect((await closed).code).to.equal(1006)
    expect(await statsOf(service)).to.deep.equal({
      total_messages_processed: 1,
      active_subscribers: 10,
      devices_being_monitored: 6,
      open_sessions: 5,
      workers: 2,
      workers_answered: 2,
    })

    const fresh = await openInTurn(service, 'A', 'A')
    await publisher.publish(message('A'))
    for (const client of fresh) await client.messages(1)
    for (const client of kept) await client.messages(2)
    const metrics = await service.metrics()
    expect(metrics.get('afluente_messages_total')).to.equal(2)
    expect(metrics.get('afluente_sessions')).to.equal(7)
    expect(metrics.get('afluente_delivered_total'), "the dead one's too").to.equal(17)
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
    const [one = 0] = pidsOf(service)
    await openInTurn(service, 'A', 'B')
    await without(one, async () => {
      // A frozen worker is handed one connection, which it never takes, and no other: of two, one is answered.
      const askTwice = (path: string) => Promise.any([ask(service, path), ask(service, path)])
      const { status, body } = await askTwice('/readyz')
      expect([status, body.status]).to.deep.equal([503, 'worker_silent'])
      const stats = await askTwice('/api/v1/stream/stats')
      expect(stats.body).to.include({ active_subscribers: 1, workers: 2, workers_answered: 1 })
    })
    await eventually(
      () => ask(service, '/readyz'),
      ({ status }) => status === 200,
    )
  })

  it('2.5 tells the other workers, and only them, which share a worker has changed', async () => {
    const preload = new URL('../support/changedShare.js', import.meta.url).href
    const service = await startService({ BROKER_HOST: broker.address, WORKERS: '3' }, ['--import', preload])
    const pids = pidsOf(service)
    for (const pid of pids) process.kill(pid, 'SIGUSR2')
    const heard = (pid: number, from: number) => new RegExp(`${pid} heard of share-${from}\n`)
    const pairs = pids.flatMap((pid) => pids.map((from) => [pid, from] as const))
    for (const [pid, from] of pairs) if (pid !== from) await service.printed(heard(pid, from))
    for (const pid of pids) expect(service.output()).to.not.match(heard(pid, pid))
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
    const clients = await openInTurn(service, 'A', 'B', 'C', 'D')
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
    const clients = await openInTurn(service, 'A', 'B')
    for (const pid of pids) process.kill(pid, 'SIGINT')
    expect(await service.stop('SIGINT')).to.equal(0)
    for (const client of clients) {
      expect((await client.closed).code).to.equal(1001)
      expect(client.frames()).to.have.length(1)
    }
  })

  it('ends at once on a second SIGTERM, and leaves nobody behind', async () => {
    const service = await startTwo(broker, { CLOSE_TIMEOUT_SECS: '60' })
    const silent = await openRawSocket(`${service.ws}${stream}A`, { allowHalfOpen: true })
    service.child.kill('SIGTERM')
    await silent.next((frame) => eventOf(frame)?.event === 'draining')
    expect(await service.insist('SIGTERM')).to.equal(1)
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
    const scratch = scratchDirectory()
    opens('data directory', scratch.remove)
    const started = run(process.execPath, [main], {
      cwd: '/',
      env: {
        PATH: process.env.PATH,
        BROKER_HOST: broker.address,
        HOST: '127.0.0.1',
        PORT: String(port),
        DATA_DIR: scratch.path,
        WORKERS: '3',
        LOG_LEVEL: 'error',
      },
    })
    expect(await started.exited).to.equal(1)
    expect(started.output()).to.match(/^can't listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/)
  })

  it('divides MAX_SESSIONS among the workers', async () => {
    const service = await startTwo(broker, { MAX_SESSIONS: '3' })
    await openInTurn(service, 'A', 'A', 'A', 'A')
    expect(await openInTurn(service, 'A').catch(String)).to.include('503')
    expect((await service.metrics()).get('afluente_sessions_refused_total')).to.equal(1)
  })

  it('drops connections that no worker has descriptors for, rather than hand them round', async () => {
    const service = await startService({ BROKER_HOST: broker.address, WORKERS: '2' }, [], 'ulimit -n 300')
    const clients: Client[] = []
    const open = async () => clients.push(...(await openInTurn(service, 'A')))
    const refused = async () => {
      for (;;) await open()
    }
    expect(await refused().catch(String)).to.match(/hang up|ECONNRESET/)
    for (const client of clients.slice(0, 20)) await client.close()
    const metrics = await service.metrics()
    expect(metrics.get('afluente_connections_dropped_total')).to.be.above(0)
  })

  it('runs the demo: one broker and one fleet for all workers', async () => {
    const service = await startService({ WORKERS: '2' })
    await eventually(
      () => ask(service, '/readyz'),
      ({ status }) => status === 200,
    )
    const clients = await openInTurn(service, '0848086072', '0848086072')
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
