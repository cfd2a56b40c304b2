import { expect } from 'chai'
import { catchError, firstValueFrom, ignoreElements, of, take, toArray } from 'rxjs'
import { deviceStream, StreamClosed } from '../../examples/typescript-client.js'
import { runExample, type RunningExample } from '../support/example.js'
import {
  payloadOf,
  scriptedServer,
  type ScriptedConnection,
  type ScriptedServer,
} from '../support/scriptedServer.js'

describe('examples/typescript-client.ts', () => {
  let server: ScriptedServer

  afterEach(() => server.stop())

  function stream() {
    return deviceStream(server.url, ['0848086072', '0848086073'])
  }

  /** What the stream errors with, or 'completed'. */
  const outcome = () =>
    firstValueFrom(
      stream().pipe(
        ignoreElements(),
        catchError((error: unknown) => of(error)),
      ),
      { defaultValue: 'completed' },
    )

  const first = (count: number) => firstValueFrom(stream().pipe(take(count), toArray()), { defaultValue: [] })

  const one = (connection: ScriptedConnection) => connection.send('message', payloadOf('0848086072'))

  it('gives the known events of the devices, and closes when unsubscribed', async () => {
    server = await scriptedServer([
      (connection) => {
        connection.send('of-the-future', {})
        connection.sendText('hello')
        connection.send('ping', { type: 'keep-alive' })
        one(connection)
      },
    ])
    const events = await first(2)
    expect(events).to.deep.equal([
      { event: 'ping', data: { type: 'keep-alive' } },
      { event: 'message', data: payloadOf('0848086072') },
    ])
    expect(server.connections[0]?.url.href).to.equal(
      'ws://scripted/api/v1/stream?device_ids=0848086072%2C0848086073',
    )
    expect(await server.connections[0]?.closed).to.equal(1000)
  })

  it('completes after 1000', async () => {
    server = await scriptedServer([(connection) => connection.close(1000)])
    expect(await outcome()).to.equal('completed')
  })

  for (const code of [1002, 1007, 1008, 1009]) {
    it(`errors after ${code} and does not come back`, async () => {
      server = await scriptedServer([(connection) => connection.close(code, 'because')])
      const error = await outcome()
      expect(error)
        .to.be.instanceOf(StreamClosed)
        .and.to.include({ code, message: `closed with ${code}: because` })
      expect(server.connections).to.have.length(1)
    })
  }

  it('comes back after 1001 when the server said', async () => {
    server = await scriptedServer([
      (connection) => {
        connection.send('draining', { retry_after_ms: 1234 })
        connection.close(1001)
      },
      one,
    ])
    await first(2)
    const [earliest, second] = server.connections
    expect(second!.openedAt - earliest!.openedAt).to.be.at.least(1230)
  })

  it('comes back after 1013 and after a cut line, later each time', async () => {
    server = await scriptedServer([
      (connection) => connection.close(1013),
      (connection) => connection.cut(),
      one,
    ])
    await first(1)
    const [earliest, second, third] = server.connections.map(({ openedAt }) => openedAt)
    expect(second! - earliest!).to.be.at.least(490)
    expect(third! - second!).to.be.at.least(990)
  })

  it('comes back after an HTTP 503, not after a 403', async () => {
    server = await scriptedServer([])
    server.refuseNext(503)
    server.refuseNext(403)
    expect(await outcome()).to.include({ message: 'closed with 1008: HTTP 403' })
  })

  describe('as a program', () => {
    let program: RunningExample

    afterEach(() => program.stop('SIGKILL'))

    const client = () =>
      runExample(process.execPath, ['dist/examples/typescript-client.js', server.url, '0848086072'])

    it('prints events, and ends cleanly on Ctrl-C', async () => {
      server = await scriptedServer([one])
      program = client()
      await program.printed(/^message {"timestamp"/)
      expect(await program.stop('SIGINT')).to.equal(0)
      expect(await server.connections[0]?.closed).to.equal(1000)
    })

    it('exits 1 when refused', async () => {
      server = await scriptedServer([(connection) => connection.close(1008, 'forbidden')])
      program = client()
      expect(await program.exited).to.equal(1)
      expect(program.output()).to.contain('closed with 1008: forbidden')
    })
  })
})
