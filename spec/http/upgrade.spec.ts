import { expect } from 'chai'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHardenedServer } from '../../lib/http/server.js'
import { upgrades } from '../../lib/http/upgrade.js'
import { createCounters } from '../../lib/stats/counters.js'
import { requestText, startExchange, upgradeHeaders } from '../support/exchange.js'
import { closeAll, opens } from '../support/opened.js'

/** A server whose answers are given when the spec says so. */
async function startHeldServer(make: (hold: (response: ServerResponse) => void) => Server) {
  const held: ServerResponse[] = []
  const server = make((response) => held.push(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opens('server', () => {
    server.closeAllConnections()
    server.close()
  })
  const asked = async (count: number) => {
    while (held.length < count) await once(server, 'request')
  }
  return { server, held, asked, port: (server.address() as AddressInfo).port }
}

const statusesIn = (text: string) => text.match(/HTTP\/1\.1 \d+/g)

describe('upgrades', () => {
  afterEach(closeAll)

  it('waits for the last of several answers before it refuses an upgrade behind them', async () => {
    const { server, held, asked, port } = await startHeldServer((hold) =>
      createServer((_request, response) => hold(response)),
    )
    void upgrades(server, {
      paths: new Set(['/stream']),
      allowedSocketOrigins: '*',
      counters: createCounters(),
      maxSessions: 0,
      isDraining: () => false,
      closeTimeoutMs: 1000,
    })
    const exchange = startExchange(port)
    exchange.write(requestText('GET /one HTTP/1.1') + requestText('GET /two HTTP/1.1'))
    await asked(2)
    const [one, two] = held
    one!.end('1')
    await once(one!, 'close')
    const upgrade = once(server, 'upgrade')
    exchange.write(requestText('GET /stream HTTP/1.1', upgradeHeaders))
    await upgrade
    two!.end('2')
    expect(statusesIn(await exchange.ended)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400'])
  })
})

describe('createHardenedServer', () => {
  afterEach(closeAll)

  it('writes nothing of its own into an answer that has begun', async () => {
    const { held, asked, port } = await startHeldServer((hold) =>
      createHardenedServer((_request, response) => hold(response), {
        counters: createCounters(),
        handshakeTimeoutMs: 5000,
      }),
    )
    const exchange = startExchange(port)
    exchange.write(requestText('GET /one HTTP/1.1'))
    await asked(1)
    held[0]!.write('begun')
    await once(exchange.stream, 'data')
    exchange.write('garbage\r\n\r\n')
    expect(statusesIn(await exchange.ended)).to.deep.equal(['HTTP/1.1 200'])
  })
})
