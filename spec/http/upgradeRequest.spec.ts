import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { expect } from 'chai'
import {
  maxHeaders,
  requestTarget,
  upgradeRequest,
  type UpgradeRules,
} from '../../lib/http/upgradeRequest.js'

const good = { upgrade: 'websocket', 'sec-websocket-version': '13' }

function judge(
  url: string,
  {
    method = 'GET',
    headers = {},
    count = 0,
  }: { method?: string; headers?: IncomingHttpHeaders; count?: number } = {},
  allowedSocketOrigins: UpgradeRules['allowedSocketOrigins'] = '*',
): number | string {
  const request = {
    url,
    method,
    headers: { ...good, ...headers },
    rawHeaders: Array<string>(2 * count).fill(''),
  }
  const verdict = upgradeRequest(request as unknown as IncomingMessage, {
    paths: new Set(['/stream', '/shared']),
    ownHostPaths: new Set(['/shared']),
    allowedSocketOrigins,
  })
  return 'status' in verdict ? verdict.status : verdict.path
}

describe('upgradeRequest', () => {
  it('1.7 lets pages of the own host in where it is told to, whatever origins are allowed', () => {
    const from = (origin: string) => ({ headers: { host: 'live.example:8443', origin } })
    const allowed = ['https://app.example']
    for (const origin of ['https://live.example:8443', 'http://live.example:8443', 'https://app.example'])
      expect(judge('/shared', from(origin), allowed), origin).to.equal('/shared')
    for (const origin of ['https://live.example', 'https://live.example:8443.evil', 'null', ''])
      expect(judge('/shared', from(origin), allowed), origin).to.equal(403)
    expect(judge('/stream', from('https://live.example:8443'), allowed)).to.equal(403)
  })

  it('accepts the paths it is given', () => {
    expect(judge('/stream')).to.equal('/stream')
    expect(judge('/stream?a=1')).to.equal('/stream')
    expect(judge('/stream', { headers: { upgrade: 'WebSocket' } })).to.equal('/stream')
  })

  it('answers 404 for other paths', () => {
    for (const url of [
      '/',
      '//',
      '/stream/',
      '/stream/x',
      '//stream',
      '/Stream',
      '/constructor',
      '/__proto__',
    ]) {
      expect(judge(url), url).to.equal(404)
    }
  })

  it('answers 400 where the target is malformed', () => {
    for (const url of ['', '*', 'stream', '%', '/stream%', '/%zz', '/%ff', 'example.org:443']) {
      expect(judge(url), url).to.equal(400)
    }
  })

  it('answers 405 for other methods, 426 for other protocols and versions', () => {
    expect(judge('/stream', { method: 'POST' })).to.equal(405)
    expect(judge('/stream', { headers: { upgrade: 'h2c' } })).to.equal(426)
    for (const version of ['8', '', '13, 8']) {
      expect(judge('/stream', { headers: { 'sec-websocket-version': version } }), version).to.equal(426)
    }
  })

  it('answers 431 for more headers than anybody sends', () => {
    expect(judge('/stream', { count: maxHeaders })).to.equal('/stream')
    expect(judge('/stream', { count: maxHeaders + 1 })).to.equal(431)
  })

  it('1.7 answers 403 for origins that are not allowed, and lets who has none', () => {
    const allowed = ['https://app.example']
    expect(judge('/stream', { headers: { origin: 'https://app.example' } }, allowed)).to.equal('/stream')
    expect(judge('/stream', {}, allowed)).to.equal('/stream')
    for (const origin of [
      'null',
      'https://app.example.org',
      'http://app.example',
      'https://APP.example',
      '',
    ]) {
      expect(judge('/stream', { headers: { origin } }, allowed), origin).to.equal(403)
    }
    expect(judge('/stream', { headers: { origin: 'null' } })).to.equal('/stream')
  })
})

describe('requestTarget', () => {
  it('splits the origin form and the absolute form', () => {
    for (const url of ['/a/b?x=1&x=2', 'http://host/a/b?x=1&x=2', 'HTTPS://host:8/a/b?x=1&x=2']) {
      const target = requestTarget(url)
      expect(target?.path, url).to.equal('/a/b')
      expect(target?.query.getAll('x'), url).to.deep.equal(['1', '2'])
    }
  })

  it('leaves question marks in the query', () => {
    expect(requestTarget('/a?x=1?2')?.query.get('x')).to.equal('1?2')
  })
})
