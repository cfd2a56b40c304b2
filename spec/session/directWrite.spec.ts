import { expect } from 'chai'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { TLSSocket } from 'node:tls'
import { descriptorOf, directWrite } from '../../lib/session/directWrite.js'
import { scratchDirectory } from '../support/directories.js'
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

describe('directWrite', () => {
  afterEach(closeAll)

  it('writes what the kernel takes, leaves the rest to the stream, and keeps the order', async () => {
    const { near, far } = await connection()
    const descriptor = descriptorOf(near)
    const sent = Buffer.alloc(16 * 2 ** 20, 'abcdefghijklmnopqrstuvwxyz')
    const taken = directWrite(near, descriptor, sent)
    expect(taken).to.be.within(1, sent.length - 1)
    expect(directWrite(near, descriptor, sent), 'a full socket').to.equal(0)
    near.write(sent.subarray(taken))
    expect(directWrite(near, descriptor, sent), 'behind what waits').to.equal(0)
    near.end()
    expect((await buffer(far)).equals(sent)).to.equal(true)
  })

  it("writes nothing once the socket is closed, though its descriptor is another one's by then", async () => {
    const { near } = await connection()
    const descriptor = descriptorOf(near)
    near.destroy()
    const directory = scratchDirectory()
    opens('directory', directory.remove)
    const file = join(directory.path, 'other')
    const reused = openSync(file, 'w')
    opens('file', () => closeSync(reused))
    expect(reused).to.equal(descriptor)
    expect(directWrite(near, descriptor, Buffer.from('x'))).to.equal(0)
    expect(readFileSync(file, 'utf8')).to.equal('')
  })

  it('leaves what fails to the stream, which tells of it', async () => {
    const { near, far } = await connection()
    far.resetAndDestroy()
    await once(far, 'close')
    expect(directWrite(near, descriptorOf(near), Buffer.from('x'))).to.equal(0)
    near.write('x')
    const [error] = (await once(near, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).to.be.oneOf(['EPIPE', 'ECONNRESET'])
  })

  it('knows no descriptor below TLS', async () => {
    const { near } = await connection()
    expect(descriptorOf(new TLSSocket(near))).to.equal(-1)
  })
})
