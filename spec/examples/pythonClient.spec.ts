import { expect } from 'chai'
import { runExample, type RunningExample } from '../support/example.js'
import { payloadOf, scriptedServer, type ScriptedServer } from '../support/scriptedServer.js'

describe('examples/websocket_client_example.py', () => {
  let server: ScriptedServer
  let program: RunningExample

  afterEach(async () => {
    await program.stop('SIGKILL')
    await server.stop()
  })

  const client = (...args: string[]) =>
    runExample('/usr/bin/python3', [
      'examples/websocket_client_example.py',
      '--url',
      server.url,
      '--device-ids',
      '0848086072, 0848086073',
      ...args,
    ])

  it('prints messages of both shapes, pings, losses and errors, and ends after --count messages', async () => {
    server = await scriptedServer([
      (connection) => {
        connection.send('ping', { type: 'keep-alive' })
        connection.send('message', payloadOf('0848086072'))
        connection.send('dropped', { device_id: '0848086072', count: 12 })
        connection.send('dropped', { device_id: '0848086073', count: null })
        connection.send('error', { message: 'no, y por qué no' })
        connection.send('snapshot', {
          data: { DEVICE_ID: '0848086073', LATITUD: '+20.65', LONGITUD: '-100.39', SPEED: '0.00' },
        })
      },
    ])
    program = client('--count', '2', '--snapshot')
    expect(await program.exited).to.equal(0)
    expect(program.stdout()).to.match(
      /message +0848086072 +at -33\.4567,-70\.6789 +speed 45 +\(2024-12-11T10:30:00Z\)\n/,
    )
    expect(program.stdout()).to.match(/snapshot +0848086073 +at \+20\.65,-100\.39 +speed 0\.00/)
    expect(program.output()).to.match(/ping +keep-alive/)
    expect(program.output()).to.match(/dropped +12 messages of 0848086072/)
    expect(program.output()).to.match(/dropped +an unknown number of messages of 0848086073/)
    expect(program.output()).to.match(/error +no, y por qué no/)
    expect(server.connections[0]?.url.pathname).to.equal('/api/v1/stream')
    expect(server.connections[0]?.url.search).to.equal('?device_ids=0848086072%2C0848086073&snapshot=true')
    expect(await server.connections[0]?.closed).to.equal(1000)
  })

  it('keeps whole frames as they came under --raw', async () => {
    const frame =
      '{"event":"message","data":{"data":{"DEVICE_ID":"0848086072","LAT":1.0,"X":12345678901234567890}}}'
    server = await scriptedServer([(connection) => connection.sendText(frame)])
    program = client('--raw', '--count', '1')
    expect(await program.exited).to.equal(0)
    expect(program.stdout()).to.equal(`${frame}\n`)
  })

  it('ignores unknown events, what is no event, and what would steer the terminal', async () => {
    server = await scriptedServer([
      (connection) => {
        connection.send('of-the-future', { message: 'unheard-of' })
        for (const text of ['[]', 'null', '{"event":"ping"}', '{"event":"message","data":7}', 'hello'])
          connection.sendText(text)
        connection.send('message', payloadOf('\u001b[2Jx'))
      },
    ])
    program = client('--count', '1')
    expect(await program.exited).to.equal(0)
    expect(program.output())
      .not.to.contain('unheard-of')
      .and.not.to.contain('\u001b')
      .and.not.to.contain('Traceback')
  })

  it('gives the token as a sub-protocol and never prints it', async () => {
    server = await scriptedServer([(connection) => connection.send('message', payloadOf('0848086072'))])
    program = client('--token', 'a.b-c_d', '--count', '1')
    expect(await program.exited).to.equal(0)
    expect(server.connections[0]?.headers['sec-websocket-protocol']).to.match(/^bearer, ?a\.b-c_d$/)
    expect(program.output()).not.to.contain('a.b-c_d')
  })

  for (const code of [1000, 1002, 1007, 1008, 1009]) {
    it(`ends after ${code}`, async () => {
      server = await scriptedServer([(connection) => connection.close(code, 'because')])
      program = client()
      expect(await program.exited).to.equal(code === 1000 ? 0 : 1)
      expect(program.output()).to.match(new RegExp(`closed +${code} because: `))
      expect(server.connections).to.have.length(1)
    })
  }

  it('comes back after 1001 when the server said, not before', async () => {
    server = await scriptedServer([
      (connection) => {
        connection.send('draining', { retry_after_ms: 1234 })
        connection.close(1001, 'Draining')
      },
      (connection) => connection.send('message', payloadOf('0848086072')),
    ])
    program = client('--count', '1')
    expect(await program.exited).to.equal(0)
    expect(program.output()).to.match(/waiting +connecting again in 1\.2 s/)
    const [first, second] = server.connections
    expect(second!.openedAt - first!.openedAt).to.be.at.least(1234)
  })

  it('comes back after 1011 and 1013, later each time', async () => {
    server = await scriptedServer([
      (connection) => connection.close(1011),
      (connection) => connection.close(1013),
      (connection) => connection.send('message', payloadOf('0848086072')),
    ])
    program = client('--count', '1')
    expect(await program.exited).to.equal(0)
    const [first, second, third] = server.connections.map(({ openedAt }) => openedAt)
    expect(second! - first!).to.be.at.least(490)
    expect(third! - second!).to.be.at.least(990)
  })

  it('comes back after a cut line', async () => {
    server = await scriptedServer([
      (connection) => connection.cut(),
      (connection) => connection.send('message', payloadOf('0848086072')),
    ])
    program = client('--count', '1')
    expect(await program.exited).to.equal(0)
    expect(program.output()).to.match(/closed +1006/)
  })

  it('comes back when not even pings arrive any more', async () => {
    server = await scriptedServer([
      (connection) => connection.send('ping', { type: 'keep-alive' }),
      (connection) => connection.send('message', payloadOf('0848086072')),
    ])
    program = client('--count', '1', '--keepalive', '0.2')
    expect(await program.exited).to.equal(0)
    expect(program.output()).to.contain('nothing arrived for 0.5 s, not even a ping')
  })

  it('obeys an HTTP refusal: Retry-After of a 503, no retry of a 403', async () => {
    server = await scriptedServer([])
    server.refuseNext(503, { 'Retry-After': '0' })
    server.refuseNext(403)
    program = client()
    expect(await program.exited).to.equal(1)
    expect(program.output()).to.match(
      /closed +1013 HTTP 503.*\n.*connecting again in 0\.0 s\n.*closed +1008 HTTP 403/,
    )
  })

  it('ends cleanly on Ctrl-C', async () => {
    server = await scriptedServer([(connection) => connection.send('ping', { type: 'keep-alive' })])
    program = client()
    await program.printed(/ping/)
    expect(await program.stop('SIGINT')).to.equal(0)
    expect(program.output()).to.match(/stopped +Ctrl-C\n$/)
    expect(await server.connections[0]?.closed).to.equal(1000)
  })

  it('says what is wrong with a command line and exits 2', async () => {
    server = await scriptedServer([])
    program = client('--url', 'http://localhost')
    expect(await program.exited).to.equal(2)
    expect(program.output()).to.contain('is not a WebSocket URL')
  })
})
