import { expect } from 'chai'
import { jwksKeys } from '../../lib/auth/jwksKeys.js'
import { jwksServer } from '../support/jwksServer.js'
import { freePort } from '../support/mosquitto.js'
import { nextOf } from '../support/nextOf.js'

const reasonAt = async (url: string) => {
  const error = await nextOf(jwksKeys({ url: new URL(url) }).refreshed$)
  return error instanceof Error ? error.message : 'fetched'
}

describe('jwksKeys', () => {
  it('says by a name or a code why there are no keys, and never in the words of fetch', async () => {
    // Fetch refuses such a URL, quoting it.
    expect(await reasonAt('https://somebody:s3cret@127.0.0.1/jwks')).to.match(/can't be had: TypeError$/)
    const server = await jwksServer({ status: 200, text: '<html>' })
    expect(await reasonAt(`${server.url}?key=s3cret`)).to.match(/can't be had: the answer is not JSON$/)
    await server.close()
    const nowhere = `http://127.0.0.1:${await freePort()}/jwks?key=s3cret`
    expect(await reasonAt(nowhere)).to.match(/can't be had: ECONNREFUSED$/)
  })
})
