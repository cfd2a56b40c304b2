import { expect } from 'chai'
import { createPublicApp } from '../../lib/http/publicApp.js'
import { sharePage } from '../../lib/http/sharePage.js'
import { type Doors, issuerKey, openDoors, type OpenedShares, openedShares } from '../support/shareDoors.js'
import { pasetoFixture } from '../support/vectors.js'

const init = '/api/v1/public/share-location/init'
const { token } = pasetoFixture('pyseto').tokens.farAway

describe('createPublicApp', () => {
  const state = { isDraining: false }
  let opened: OpenedShares
  let doors: Doors
  before(async () => {
    opened = await openedShares()
    const { shares } = opened
    const allowedOrigins = ['https://map.example']
    const isDraining = () => state.isDraining
    doors = await openDoors(createPublicApp({ shares, allowedOrigins, isDraining, page: sharePage() }))
  })
  after(async () => {
    await doors.close()
    await opened.close()
  })

  it('has the page, and looks at tokens', async () => {
    expect((await doors.ask('GET', `${init}?token=${token}`)).json).to.include({ msg: 'valid' })
    expect((await doors.ask('HEAD', `${init}?token=${token}`)).status).to.equal(200)
    const page = await doors.ask('GET', '/share')
    expect(page.status).to.equal(200)
    expect(page.headers['content-type']).to.match(/^text\/html/)
    const [asset = ''] = /\/share\/assets\/[\w.-]+/.exec(page.text) ?? []
    expect((await doors.ask('GET', asset)).status).to.equal(200)
    expect((await doors.ask('GET', '/share/abc')).headers.location).to.equal('/share#abc')
  })

  it('has nothing else', async () => {
    const others = [
      '/',
      '/api/v1/stream',
      '/api/v1/stream/stats',
      '/health',
      '/healthz',
      '/readyz',
      '/metrics',
      '/api/v1/shares',
      '/api/v1/shares/a',
      '/examples/',
    ]
    for (const path of others) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const { status, json } = await doors.ask(method, path, { bearer: issuerKey })
        expect(status, `${method} ${path}`).to.equal(404)
        expect(json).to.deep.equal({ detail: 'Not Found' })
      }
    }
  })

  it('makes no shares', async () => {
    const { status, headers } = await doors.ask('POST', init, { bearer: issuerKey, body: { device_id: 'A' } })
    expect(status).to.equal(405)
    expect(headers.allow).to.equal('GET, HEAD')
    expect(await opened.shares.registry.list({ kind: 'operator' })).to.deep.equal([])
  })

  it('asks for an upgrade where the stream is', async () => {
    const { status, headers } = await doors.ask('GET', '/api/v1/public/share-location/stream?token=a')
    expect(status).to.equal(426)
    expect(headers.upgrade).to.equal('websocket')
    const { status: ofPost } = await doors.ask('POST', '/api/v1/public/share-location/stream')
    expect(ofPost).to.equal(405)
  })

  it('shares its answers with the pages that may read them, and refuses too many headers', async () => {
    const allowed = await doors.ask('GET', `${init}?token=${token}`, {
      headers: { Origin: 'https://map.example' },
    })
    expect(allowed.headers['access-control-allow-origin']).to.equal('https://map.example')
    const other = await doors.ask('GET', `${init}?token=${token}`, {
      headers: { Origin: 'https://evil.example' },
    })
    expect(other.headers).to.not.have.property('access-control-allow-origin')
    const headers = Object.fromEntries(Array.from({ length: 210 }, (_, at) => [`x-${at}`, '1']))
    expect((await doors.ask('GET', '/share', { headers })).status).to.equal(431)
  })

  it('lets connections go while it drains', async () => {
    expect((await doors.ask('GET', '/share')).headers.connection).to.not.equal('close')
    state.isDraining = true
    expect((await doors.ask('GET', '/share')).headers.connection).to.equal('close')
    state.isDraining = false
  })
})
