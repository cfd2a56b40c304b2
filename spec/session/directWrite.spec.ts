import { expect } from 'chai'
import { once } from 'node:events'
import { fstatSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { TLSSocket } from 'node:tls'
import { descriptorOf, directWrite, noDescriptor } from '../../lib/session/directWrite.js'
import { closeAll, opens } from '../support/opened.js'

/** Two ends of a connection. */
async function connection(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer()
  opens('server', () => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const far = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [near] = (await once(server, 'connection')) as [Socket]
  for (const end of [near, far]) opens('connection', () => end.destroy())
  return { near, far }
}

const keeper = { gaveUp: () => undefined }

describe('directWrite', () => {
  afterEach(closeAll)

  it('writes what the kernel takes, leaves the rest to the stream, and keeps the order', async () => {
    const { near, far } = await connection()
    const descriptor = descriptorOf(near, keeper)
    const sent = Buffer.alloc(16 * 2 ** 20, 'abcdefghijklmnopqrstuvwxyz')
    const taken = directWrite(descriptor, sent)
    expect(taken).to.be.within(1, sent.length - 1)
    expect(directWrite(descriptor, sent), 'a full socket').to.equal(0)
    near.write(sent.subarray(taken))
    near.end()
    expect((await buffer(far)).equals(sent)).to.equal(true)
  })

  it("tells its keeper before the descriptor becomes another's", async () => {
    const { near } = await connection()
    let isGivenUp = false
    const descriptor = descriptorOf(near, {
      gaveUp() {
        expect(fstatSync(descriptor).isSocket()).to.equal(true)
        isGivenUp = true
      },
    })
    near.destroy()
    expect(isGivenUp).to.equal(true)
    await once(near, 'close')
    expect(near.destroyed).to.equal(true)
    expect(() => fstatSync(descriptor)).to.throw('EBADF')
    expect(descriptorOf(near, keeper)).to.equal(noDescriptor)
  })

  it('leaves what fails to the stream, which tells of it', async () => {
    const { near, far } = await connection()
    far.resetAndDestroy()
    await once(far, 'close')
    expect(directWrite(descriptorOf(near, keeper), Buffer.from('x'))).to.equal(0)
    near.write('x')
    const [error] = (await once(near, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).to.be.oneOf(['EPIPE', 'ECONNRESET'])
  })

  it('knows no descriptor below TLS', async () => {
    const { near } = await connection()
    expect(descriptorOf(new TLSSocket(near), keeper)).to.equal(noDescriptor)
    expect(directWrite(noDescriptor, Buffer.from('x'))).to.equal(0)
  })
})
