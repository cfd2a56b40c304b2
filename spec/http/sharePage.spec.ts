import { expect } from 'chai'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { sharePage } from '../../lib/http/sharePage.js'
import { root } from '../support/example.js'
import { type ShareServer, startShareServer } from '../support/shareServer.js'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

describe('sharePage', () => {
  let server: ShareServer
  before(async () => {
    server = await startShareServer()
  })
  after(() => server.stop())

  const get = (path: string, headers: Record<string, string> = {}, of = server, method = 'GET') =>
    new Promise<Answer>((resolve, reject) => {
      request(`${of.url}${path}`, { headers, method }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        )
      })
        .on('error', reject)
        .end()
    })

  it('serves the page with a policy that lets it talk to this server alone', async () => {
    const { status, headers, body } = await get('/share')
    expect(status).to.equal(200)
    const host = `127.0.0.1:${server.port}`
    expect(headers['content-security-policy']).to.equal(
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws://${host} wss://${host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    expect(headers).to.deep.include({
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
    })
    const html = body.toString()
    expect(html).not.to.match(/<script(?![^>]*src=)|style=|<style|\son\w+=|\{\{|https?:/)
  })

  it('repeats no Host that is none', async () => {
    const { headers } = await get('/share', { Host: "evil.example;script-src 'unsafe-inline'" })
    expect(headers['content-security-policy']).to.match(/connect-src 'self'; base-uri/)
  })

  it('names the origin of the tiles, where there are some, and escapes what it writes', async () => {
    const tiled = await startShareServer({
      tilesUrl: 'https://{s}.tiles.example.org/{z}/{x}/{y}.png?a=1&b="2"',
      tilesAttribution: '<b>© us</b>',
      keepAliveMs: 5_000,
    })
    const { headers, body } = await get('/share', {}, tiled)
    expect(headers['content-security-policy']).to.include("img-src 'self' data: https://*.tiles.example.org;")
    expect(body.toString()).to.include('a=1&#38;b=&#34;2&#34;').and.to.include('&#60;b&#62;© us')
    expect(body.toString()).to.include('content="5000"')
    await tiled.stop()
  })

  it('refuses tiles that can’t be', () => {
    for (const tilesUrl of ['', 'tiles', 'ftp://a/{z}', 'https://a; script-src */{z}/', 'https://a/x.png']) {
      expect(() => sharePage({ tilesUrl }), tilesUrl).to.throw(TypeError, 'tilesUrl')
    }
  })

  it('leads a link of the other shape to the fragment, and lets nobody keep it', async () => {
    const { status, headers, body } = await get('/share/v4.local.AbC-_d')
    expect(status).to.equal(302)
    expect(headers).to.deep.include({
      location: '/share#v4.local.AbC-_d',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    expect(body).to.have.length(0)
    expect((await get('/share/a%0d%0ab%22')).headers.location).to.equal('/share#a%0D%0Ab%22')
  })

  it('serves what belongs to it compressed, for good', async () => {
    const html = (await get('/share')).body.toString()
    const addresses = html.match(/\/share\/assets\/[\w.-]+/g) ?? []
    expect(addresses).to.have.length(4)
    for (const address of addresses) {
      const plain = await get(address)
      expect(plain.headers).to.deep.include({
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'Accept-Encoding',
        'x-content-type-options': 'nosniff',
      })
      expect(plain.headers['content-encoding']).to.equal(undefined)
      const brotli = await get(address, { 'Accept-Encoding': 'gzip, deflate, br' })
      expect(brotli.headers['content-encoding']).to.equal('br')
      expect(brotliDecompressSync(brotli.body).equals(plain.body)).to.equal(true)
      const gzip = await get(address, { 'Accept-Encoding': 'gzip' })
      expect(gunzipSync(gzip.body).equals(plain.body)).to.equal(true)
    }
  })

  it('has nothing else', async () => {
    for (const path of [
      '/share/assets/share.js',
      '/share/assets/..%2fshare.html',
      '/share/assets/..%2f..%2fhttp%2fapp.js',
      '/share/a/b',
    ]) {
      expect((await get(path)).status, path).to.equal(404)
    }
    expect((await get('/share', {}, server, 'POST')).status).to.equal(405)
    expect((await get('/share', {}, server, 'HEAD')).status).to.equal(200)
  })

  it('is under 250 kB compressed, in all', () => {
    const built = `${root}dist/lib/web/`
    const compressed = readdirSync(`${built}assets`).filter((name) => name.endsWith('.gz'))
    const bytes = compressed.reduce((sum, name) => sum + statSync(`${built}assets/${name}`).size, 0)
    expect(compressed).to.have.length(4)
    expect(bytes + statSync(`${built}share.html`).size).to.be.below(250_000)
  })

  it('brings along the terms of what it is made of', () => {
    const terms = readFileSync(`${root}dist/lib/web/licenses.txt`, 'utf8')
    for (const name of ['leaflet', 'rxjs', 'tslib', 'topojson-client', 'world-atlas']) {
      expect(terms).to.match(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\n\\n.{200}`, 'ms'))
    }
  })
})
