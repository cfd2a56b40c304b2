import { expect } from 'chai'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { root } from '../support/example.js'
import { closeAll, opens } from '../support/opened.js'
import { run } from '../support/process.js'

interface Compiling {
  compiledC(source: string): string
}

const publication = /^PUB load \d+\r\n\{"data":\{.*?\}\}\r\n/
const pong = /^PONG\r\n/

/** What is left of what a NATS client said, once whole publications and pongs are taken away; and how many pongs those were. */
function read(said: string): { pongs: number; rest: string } {
  let [at, pongs] = [said.indexOf('PING\r\n') + 6, 0]
  for (;;) {
    const next = said.slice(at, at + 1_000)
    const whole = publication.exec(next) ?? pong.exec(next)
    if (whole === null) return { pongs, rest: next }
    if (whole[0].startsWith('PONG')) pongs++
    at += whole[0].length
  }
}

describe("the benchmark's publisher", () => {
  after(closeAll)

  it('answers pings before the first message and between two, however slowly the peer reads', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    opens('a server', () => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { compiledC } = (await import(join(root, 'scripts/bench/harness/compile.mjs'))) as Compiling
    const options = ['--protocol', 'nats', '--topic', 'load', '--rate', '100000', '--port', String(port)]
    const publisher = run(compiledC('loader/publisher.c'), options, { stdio: ['pipe', 'pipe', 'pipe'] })
    const [peer] = (await once(server, 'connection')) as [Socket]
    let said = ''
    peer.setEncoding('latin1').on('data', (text: string) => (said += text))
    await publisher.printed(/"connected"/)
    peer.write('PING\r\n')
    while (!said.includes('PONG\r\n')) await once(peer, 'data')
    peer.pause()

    const linesBefore = 2 // connected, going
    let marks = 0
    async function sent(): Promise<number> {
      publisher.child.stdin?.write('mark\n')
      marks++
      await publisher.printed(new RegExp(`^(?:.*\\n){${String(linesBefore + marks)}}`))
      const last = publisher.output().trimEnd().split('\n').at(-1) ?? ''
      return (JSON.parse(last) as { sent: number }).sent
    }
    publisher.child.stdin?.write('go\n')
    // Nobody reads: what it may write fills, until a part of a message has to wait. A hundred are due between two marks.
    let [before, since] = [await sent(), await sent()]
    while (before === 0 || since !== before) [before, since] = [since, await sent()]
    await new Promise((resolve) => peer.write('PING\r\n', resolve))
    await sent()
    await sent() // by now it has met the ping

    peer.resume()
    publisher.child.stdin?.write('stop\n')
    await publisher.printed(/"stopped"/)
    publisher.child.stdin?.write('quit\n')
    await once(peer, 'end')
    expect(read(said)).to.deep.equal({ pongs: 2, rest: '' })
  })
})
