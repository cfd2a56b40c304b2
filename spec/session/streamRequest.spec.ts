import { expect } from 'chai'
import { BadRequest, streamRequest } from '../../lib/session/streamRequest.js'

const requestOf = (query: string, maxDevices = 0) => streamRequest(new URLSearchParams(query), maxDevices)

function idsOf(query: string, maxDevices?: number): readonly string[] {
  const request = requestOf(query, maxDevices)
  if (request instanceof BadRequest) throw new Error(request.message)
  return request.deviceIds
}

function refusalOf(query: string, maxDevices?: number): string {
  const request = requestOf(query, maxDevices)
  if (!(request instanceof BadRequest)) throw new Error(`accepted: ${request.deviceIds.join()}`)
  return request.message
}

describe('streamRequest', () => {
  it('1.2 separates ids by commas, after percent-decoding', () => {
    expect(idsOf('device_ids=A,B%2CC')).to.deep.equal(['A', 'B', 'C'])
    expect(idsOf('device_ids=%C3%A9,%F0%9F%9A%9A')).to.deep.equal(['é', '🚚'])
  })

  it('1.2 trims, drops blanks and takes duplicates once', () => {
    expect(idsOf('device_ids=A,,B,%20A%20,B,+,')).to.deep.equal(['A', 'B'])
  })

  it('3 refuses ids that are not valid UTF-8', () => {
    for (const bad of ['%ff', '%c3', 'A,%ed%a0%80']) {
      expect(refusalOf(`device_ids=${bad}`)).to.equal('device_ids: expected valid UTF-8')
    }
  })

  it('1.2 merges a repeated device_ids', () => {
    expect(idsOf('device_ids=A,B&device_ids=B,C')).to.deep.equal(['A', 'B', 'C'])
  })

  it('1.2 ignores unknown parameters', () => {
    expect(idsOf('device_ids=A&token=x&_=1&DEVICE_IDS=B')).to.deep.equal(['A'])
  })

  it('1.2 refuses a request that names no device', () => {
    for (const query of [
      '',
      'device_ids',
      'device_ids=',
      'device_ids=,',
      'device_ids=%20,%20&device_ids=',
      'x=1',
    ]) {
      expect(refusalOf(query), query).to.equal('Debe especificar al menos un device_id en los query params')
    }
  })

  it('refuses more devices than the limit, and names it', () => {
    expect(idsOf('device_ids=A,B,A', 2)).to.deep.equal(['A', 'B'])
    expect(refusalOf('device_ids=A,B,C', 2)).to.contain('at most 2')
  })

  it('refuses an id of more than 256 characters', () => {
    const id = '🚚'.repeat(256)
    expect(idsOf(`device_ids=${encodeURIComponent(id)}`)).to.deep.equal([id])
    expect(refusalOf(`device_ids=${encodeURIComponent(id)}A`)).to.contain('256')
  })

  it('takes __proto__ and constructor for ids', () => {
    expect(idsOf('device_ids=__proto__,constructor,toString')).to.deep.equal([
      '__proto__',
      'constructor',
      'toString',
    ])
  })

  it('drops the newest unless asked otherwise', () => {
    expect(requestOf('device_ids=A')).to.have.property('overflow', 'dropNewest')
    expect(requestOf('device_ids=A&overflow=latest')).to.have.property('overflow', 'latest')
  })

  it('refuses a strategy that is none, or given twice, and names the option', () => {
    for (const query of [
      'overflow=all',
      'overflow=',
      'overflow=constructor',
      'overflow=latest&overflow=latest',
    ]) {
      expect(refusalOf(`device_ids=A&${query}`), query).to.match(/^overflow: expected one of drop-newest/)
    }
  })
})
