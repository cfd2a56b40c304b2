import { expect } from 'chai'
import { accessCredential, bearerIn, shareCredential } from '../../lib/auth/credential.js'

const sources = (authorization?: string, protocol?: string, query = '') => ({
  headers: {
    ...(authorization === undefined ? {} : { authorization }),
    ...(protocol === undefined ? {} : { 'sec-websocket-protocol': protocol }),
  },
  query: new URLSearchParams(query),
})

describe('accessCredential', () => {
  it('takes Authorization first, then the sub-protocol, then the query', () => {
    expect(accessCredential(sources('Bearer a', 'bearer, b', 'token=c'))).to.equal('a')
    expect(accessCredential(sources(undefined, 'bearer, b', 'token=c'))).to.equal('b')
    expect(accessCredential(sources(undefined, undefined, 'token=c'))).to.equal('c')
    expect(accessCredential(sources())).to.be.undefined
  })

  it('passes over another scheme, and a bearer with nothing behind it', () => {
    expect(accessCredential(sources('Basic YTpi', undefined, 'token=c'))).to.equal('c')
    expect(accessCredential(sources('Bearer ', 'bearer', 'token=c'))).to.equal('c')
    expect(accessCredential(sources('Bearer', 'afluente.msgpack', 'token='))).to.be.undefined
  })

  it('finds bearer anywhere among the offered protocols', () => {
    expect(accessCredential(sources(undefined, 'afluente.msgpack,bearer,b'))).to.equal('b')
    expect(accessCredential(sources(undefined, 'bearer, b, afluente.cbor'))).to.equal('b')
  })
})

describe('shareCredential', () => {
  it("lets ?token= win over an app's own Authorization header", () => {
    expect(shareCredential(sources('Bearer a', 'bearer, b', 'token=c'))).to.equal('c')
    expect(shareCredential(sources('Bearer a', 'bearer, b'))).to.equal('a')
    expect(shareCredential(sources('Bearer a', 'bearer, b', 'token='))).to.equal('a')
    expect(shareCredential(sources(undefined, 'bearer, b'))).to.equal('b')
  })

  it('leaves the token as it is: white space is part of it, and so makes it invalid', () => {
    expect(shareCredential(sources(undefined, undefined, 'token=%20c%0A'))).to.equal(' c\n')
  })
})

describe('bearerIn', () => {
  it('knows the scheme in any case, and one token', () => {
    expect(bearerIn('bEARER  abc')).to.equal('abc')
    expect(bearerIn('Bearer a b')).to.be.undefined
    expect(bearerIn('Bearerabc')).to.be.undefined
  })
})
