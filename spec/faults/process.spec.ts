import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { createLog } from '../../lib/service/log.js'
import { openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { startLoad } from '../support/load.js'
import { freePort, startMosquitto } from '../support/mosquitto.js'
import { closeAll, opens } from '../support/opened.js'
import { run } from '../support/process.js'
import { message, startPublisher } from '../support/publisher.js'
import { eventOf, openRawSocket } from '../support/rawSocket.js'
import { main, serviceOn, type ServiceUnderTest, startService, startServiceAt } from '../support/service.js'

const stream = '/api/v1/stream?device_ids='

/** One connection, kept: a proxy's, which asks for readiness on it again and again. */
function openProxy({ port }: ServiceUnderTest): { begin(): Promise<string>; finish(): Promise<string> } {
  const socket = connect(port, '127.0.0.1')
  opens('proxy', () => socket.destroy())
  const answer = async () => String((await once(socket, 'data'))[0])
  return {
    async begin() {
      socket.write('GET /readyz HTTP/1.1\r\nHost: here\r\n\r\n')
      const first = await answer()
      socket.write('GET /readyz HTTP/1.1\r\n')
      return first
    },
    finish() {
      socket.write('Host: here\r\n\r\n')
      return answer()
    },
  }
}

/** Clients that read nothing, each with its mailbox full. */
async function openStalled(service: ServiceUnderTest, broker: { readonly address: string }, count: number) {
  const load = startLoad(await startPublisher(broker), ['BIG'], 16 * 1024)
  const stalled = await Promise.all(
    Array.from({ length: count }, () => openRawSocket(`${service.ws}${stream}BIG`, { allowHalfOpen: true })),
  )
  for (const { stream: socket } of stalled) socket.pause()
  await eventually(
    async () => {
      await load.publish(20)
      await service.stats()
      return service.output().match(/Cola llena para device_id BIG/g)?.length ?? 0
    },
    (lines) => lines >= count,
  )
  return stalled
}

describe('the end of the process', () => {
  afterEach(closeAll)

  it('row 47: under load, with 200 clients of whom some are stalled, tells everybody and ends with 0', async function () {
    this.timeout(30_000)
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { CLOSE_TIMEOUT_SECS: '2' })
    const stalled = await openStalled(service, broker, 10)
    const clients = await Promise.all(
      Array.from({ length: 190 }, () => openClient(`${service.ws}${stream}A,B`)),
    )
    const publisher = await startPublisher(broker)
    publisher.client.on('error', () => undefined)
    const timer = setInterval(() => {
      for (const id of ['A', 'B']) publisher.client.publish('tracking/data', JSON.stringify(message(id)))
    }, 20)
    opens('load', () => clearInterval(timer))
    await Promise.all(clients.map((client) => client.messages(1)))
    const proxy = openProxy(service)
    expect(await proxy.begin()).to.include('200 OK')
    await service.stats()

    const signalledAt = Date.now()
    service.child.kill('SIGTERM')
    const retryDelays = new Set<unknown>()
    for (const client of clients) {
      const { data } = await client.next(({ event }) => event === 'draining')
      expect(data.retry_after_ms).to.be.within(1, 60_000)
      retryDelays.add(data.retry_after_ms)
      expect(await client.closed).to.deep.equal({ code: 1001, reason: 'Server draining' })
    }
    expect(retryDelays.size, 'each comes back at a moment of its own').to.be.above(100)
    expect(await proxy.finish())
      .to.include('503')
      .and.include('"status":"draining"')
    expect(await fetch(`${service.http}/readyz`).catch(() => 'refused')).to.equal('refused')
    expect(await openClient(`${service.ws}${stream}A`).catch(() => 'refused')).to.equal('refused')

    expect(await service.exited).to.equal(0)
    expect(Date.now() - signalledAt, 'within 10 s').to.be.below(10_000)
    for (const { stream: socket } of stalled) socket.resume()
    await Promise.all(stalled.map(({ closed }) => closed))
  })

  it('row 47: a second SIGTERM ends it at once', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { CLOSE_TIMEOUT_SECS: '60' })
    const silent = await openRawSocket(`${service.ws}${stream}A`, { allowHalfOpen: true })
    service.child.kill('SIGTERM')
    expect((await silent.next((frame) => eventOf(frame)?.event === 'draining')).payload).to.not.be.empty
    expect(await silent.closeCode()).to.equal(1001)
    expect(service.child.exitCode, 'waits for the answer').to.equal(null)
    expect(await service.insist('SIGTERM')).to.equal(1)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`row 47: a ${signal} that comes twice, from a terminal and handed on by npm, is one`, async () => {
      const service = await startServiceAt(await startMosquitto(), { CLOSE_TIMEOUT_SECS: '1' })
      const silent = await openRawSocket(`${service.ws}${stream}A`, { allowHalfOpen: true })
      service.child.kill(signal)
      expect((await silent.next((frame) => eventOf(frame)?.event === 'draining')).payload).to.not.be.empty
      service.child.kill(signal)
      expect(await silent.closeCode()).to.equal(1001)
      expect(await service.exited).to.equal(0)
    })
  }

  const awayBrokers = {
    'was never there': async () => startService({ BROKER_HOST: `127.0.0.1:${await freePort()}` }),
    'was killed': async () => {
      const broker = await startMosquitto()
      const service = await startServiceAt(broker)
      await broker.stop('SIGKILL')
      await service.printed(/The MQTT feed is down/)
      return service
    },
    'is frozen': async () => {
      const broker = await startMosquitto()
      const service = await startServiceAt(broker)
      broker.process().child.kill('SIGSTOP')
      return service
    },
    'accepts, and says nothing': async () => {
      const broker = await startMosquitto()
      broker.process().child.kill('SIGSTOP')
      return startService({ BROKER_HOST: broker.address })
    },
  }
  it('row 47: ends by the close time-out where a request was begun and never finished', async () => {
    const limits = { CLOSE_TIMEOUT_SECS: '1', HANDSHAKE_TIMEOUT_SECS: '60' }
    const service = await startServiceAt(await startMosquitto(), limits)
    const socket = connect(service.port, '127.0.0.1')
    opens('half a request', () => socket.destroy())
    await once(socket, 'connect')
    socket.write('GET /readyz HTTP/1.1\r\n')
    await (await fetch(`${service.http}/healthz`)).text() // by now the half was read
    const closed = once(socket, 'close')
    service.child.kill('SIGTERM')
    await closed
    expect(await service.exited).to.equal(0)
    expect(service.output()).not.to.match(/ran out of time/)
  })

  for (const [state, start] of Object.entries(awayBrokers)) {
    it(`row 48: ends in time while the broker ${state}`, async () => {
      const service = await start()
      const client = await openClient(`${service.ws}${stream}A`)
      const signalledAt = Date.now()
      service.child.kill('SIGTERM')
      await client.next(({ event }) => event === 'draining')
      expect(await client.closed).to.deep.equal({ code: 1001, reason: 'Server draining' })
      expect(await service.exited).to.equal(0)
      expect(Date.now() - signalledAt, 'within 10 s').to.be.below(10_000)
    })
  }
})

describe('a log that nobody reads', () => {
  afterEach(closeAll)

  /** A flood that makes the service log as much as it ever does, while it goes on. */
  async function goesOn(
    service: Pick<ServiceUnderTest, 'metrics' | 'ws'>,
    broker: { readonly address: string },
  ) {
    const publisher = await startPublisher(broker)
    const client = await openClient(`${service.ws}${stream}A`)
    const garbage = [
      '',
      'null',
      '[]',
      '{}',
      '{"data":{"DEVICE_ID":""}}',
      Buffer.of(0xff),
      'x'.repeat(300_000),
    ]
    const flood = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        await Promise.all(garbage.map((payload) => publisher.publish(payload)))
      }
      await publisher.publish(message('A'))
      await client.next()
      return service.metrics()
    }
    const before = await flood(300)
    const after = await flood(1200)
    const malformed = [...after].filter(([name]) => name.startsWith('afluente_malformed_total'))
    expect(malformed.reduce((sum, [, count]) => sum + count, 0)).to.equal(1500 * garbage.length)
    expect(after.get('afluente_uncaught_errors_total')).to.equal(0)
    const memory = 'afluente_resident_memory_bytes'
    expect(after.get(memory)! - before.get(memory)!, 'grown by').to.be.below(30 * 2 ** 20)
  }

  it('row 49: a full pipe stops nothing', async () => {
    const broker = await startMosquitto()
    const directory = mkdtempSync(join(tmpdir(), 'afluente-'))
    opens('directory', () => rmSync(directory, { recursive: true }))
    const path = join(directory, 'stdout')
    execFileSync('mkfifo', [path])
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    opens('pipe', () => closeSync(pipe))

    const port = await freePort()
    const running = run('/bin/sh', ['-c', 'exec "$0" "$1" >"$2" 2>&1', process.execPath, main, path], {
      cwd: directory,
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: String(port),
        BROKER_HOST: broker.address,
        MAX_PAYLOAD_BYTES: '1000',
      },
    })
    const service = serviceOn(running, port)
    await eventually(
      () =>
        fetch(`${service.http}/readyz`).then(
          ({ status }) => status,
          () => 0,
        ),
      (status) => status === 200,
    )
    const full = () => writeSync(pipe, Buffer.alloc(4096))
    expect(() => {
      for (;;) full()
    }).to.throw(/EAGAIN/)
    await goesOn(service, broker)
    expect(full, 'nobody has read').to.throw(/EAGAIN/)
  })

  it('row 49: neither does a reader that is gone', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { MAX_PAYLOAD_BYTES: '1000' })
    service.child.stdout?.destroy()
    service.child.stderr?.destroy()
    await goesOn(service, broker)
  })

  it('row 49: holds a megabyte and leaves out the rest, which it tells the next reader', () => {
    let read = ''
    let isRead = false
    let goOn: () => void = () => undefined
    const output = new Writable({
      write(line: Buffer, _encoding, done) {
        read += line.toString()
        if (isRead) done()
        else goOn = done
      },
    })
    const log = createLog({ level: 'info', format: 'text', stream: output })
    const lines = 50_000
    for (let line = 1; line <= lines; line++)
      log.warn('Skipped a payload that is no device message', { line })
    expect(output.writableLength, 'waiting').to.be.within(2 ** 20, 2 ** 20 + 1000)

    isRead = true
    goOn()
    log.info('read again')
    const kept = read.match(/line=/g)?.length ?? 0
    const leftOut = Number(/(\d+) log lines were left out/.exec(read)?.[1])
    expect(kept + leftOut).to.equal(lines)
    expect(read).to.match(/read again\n$/)
  })
})
