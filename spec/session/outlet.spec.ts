import { expect } from 'chai'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { NEVER } from 'rxjs'
import { WebSocket, WebSocketServer } from 'ws'
import { textFrame } from '../../lib/feed/frame.js'
import { closings } from '../../lib/session/closing.js'
import { outlet } from '../../lib/session/outlet.js'
import { pace } from '../../lib/session/pace.js'
import { scratchDirectory } from '../support/directories.js'
import { nextOf } from '../support/nextOf.js'
import { closeAll, opens } from '../support/opened.js'
import { frameBytes, opcodes } from '../support/rawSocket.js'

const message = { frame: textFrame('hello') }

/** What is below a socket. */
const streamOf = (socket: WebSocket) =>
  (socket as unknown as { _socket: Socket & { readonly _handle: { readonly fd: number } } })._socket

/** An outlet of a real socket, and who is connected to it. */
async function connected({ isPaced = false, onSocket = (_socket: WebSocket): void => undefined } = {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, autoPong: false })
  opens('server', () => server.close())
  await once(server, 'listening')
  const peer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  opens('peer', () => {
    peer.terminate()
  })
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(peer, 'open')])) as [
    [WebSocket],
    unknown,
  ]
  onSocket(socket)
  const options = { keepAlive$: NEVER, keepAliveMs: 60_000, maxFramesPerSecond: 0, onFrame: () => undefined }
  const end = outlet(socket, { ...options, pace: pace(() => false) }, isPaced)
  return { end, peer, socket }
}

describe('outlet', () => {
  afterEach(closeAll)

  it('takes nothing once the peer has ended its half, not even a part of a frame', async () => {
    const { end, peer, socket } = await connected()
    const heard: Buffer[] = []
    const stream = streamOf(peer).removeAllListeners('data')
    stream.on('data', (bytes: Buffer) => heard.push(bytes))
    const isTaken = new Promise((resolve) => {
      streamOf(socket).once('end', () => resolve(end.write([message])))
    })
    stream.end()
    expect(await isTaken).to.equal(false)
    await once(stream, 'close')
    expect(heard).to.deep.equal([])
  })

  it('lets a peer go that has ended its half and reads nothing, however it is closed', async () => {
    const { end, peer, socket } = await connected()
    peer.pause()
    const large = { frame: textFrame('x'.repeat(2 ** 20)) }
    while (end.isWritable) end.write([large])
    streamOf(peer).end()
    await once(streamOf(socket), 'end')
    const gone = once(socket, 'close')
    end.close(closings.draining)
    await gone
  })

  it('is writable again once it has the answer it waits for', async () => {
    const { end, peer } = await connected({ isPaced: true })
    await nextOf(end.writable$)
    let isAnswered = false
    peer.on('ping', () => (isAnswered = true))
    expect(end.write([message])).to.equal(true)
    expect(end.isWritable).to.equal(false)
    await nextOf(end.writable$)
    expect(isAnswered).to.equal(true)
    expect(end.isWritable).to.equal(true)
  })

  it('is writable again once a socket that was full is not', async () => {
    const { end, peer } = await connected()
    peer.pause()
    const large = { frame: textFrame('x'.repeat(2 ** 20)) }
    while (end.isWritable) end.write([large])
    let isRead = false
    const writable = nextOf(end.writable$).then(() => expect(isRead).to.equal(true))
    peer.once('message', () => (isRead = true))
    peer.resume()
    await writable
    expect(end.isWritable).to.equal(true)
  })

  it('writes batches whole and in their order, whatever the kernel leaves of them', async () => {
    const [{ end, peer }, other] = await Promise.all([connected(), connected()])
    const sent: string[] = []
    const sizes = [30_000, 1_000, 300, 70_000]
    const batch = (...lengths: number[]) =>
      lengths.map((length) => {
        const text = `${sent.length} `.padEnd(length, 'abcdefghi'[sent.length % 9])
        sent.push(text)
        return { frame: textFrame(text) }
      })
    // Their memory is the same: what waits of the one must not be the other's.
    const filler = { frame: textFrame('x'.repeat(50_000)) }
    const write = (written: { frame: Buffer }[]) => {
      expect(end.write(written)).to.equal(true)
      other.end.write([filler, filler, filler])
    }
    peer.pause()
    write(batch(1_000, 2 ** 20 - 4 - 1_000 - 10)) // headers are 4 and 10 bytes: 1 MiB
    write(batch(1_000, 2 ** 20 - 4 - 1_000 - 10 + 1))
    while (end.isWritable) write(batch(...sizes))
    write(batch(...sizes))
    let heard = 0
    peer.on('message', (data: Buffer) => {
      expect(data.toString() === sent[heard], `message ${heard}`).to.equal(true)
      // The kernel has room again, and something waits still.
      if (heard++ === 0) write(batch(...sizes))
    })
    peer.resume()
    while (heard < sent.length) await once(peer, 'message')
    await nextOf(end.writable$)
  })

  it('takes nothing once the socket is closing', async () => {
    const { end, socket } = await connected()
    socket.close()
    expect(end.isWritable).to.equal(true)
    expect(end.write([message])).to.equal(false)
  })

  for (const [how, opcode] of [
    ['asks to close', opcodes.close],
    ['breaks the protocol', 3],
  ] as const)
    it(`takes nothing once the peer ${how}: the close frame is the last`, async () => {
      const { end, peer, socket } = await connected()
      const close = socket.close.bind(socket)
      const isTaken = new Promise((resolve) => {
        socket.close = (...how) => {
          close(...how)
          resolve(end.write([message]))
        }
      })
      const stream = streamOf(peer).removeAllListeners('data')
      const heard: Buffer[] = []
      stream.on('data', (bytes: Buffer) => heard.push(bytes))
      stream.write(frameBytes({ opcode }))
      expect(await isTaken).to.equal(false)
      await once(stream, 'end')
      const [first, length = 0] = Buffer.concat(heard)
      expect(first).to.equal(0x80 | opcodes.close)
      expect(Buffer.concat(heard)).to.have.length(2 + length)
    })

  it('answers a ping, and behind what waits the most recent one alone', async () => {
    const { end, peer, socket } = await connected()
    const pongs: string[] = []
    peer.on('pong', (data) => pongs.push(String(data)))
    peer.ping('one')
    await once(peer, 'pong')
    peer.pause()
    const large = { frame: textFrame('x'.repeat(2 ** 20)) }
    while (end.isWritable) end.write([large])
    const isHeard = new Promise<void>((resolve) => {
      socket.on('ping', (data) => {
        if (String(data) === 'four') resolve()
      })
    })
    for (const ping of ['two', 'three', 'four']) peer.ping(ping)
    await isHeard
    const texts: string[] = []
    peer.on('message', (data: Buffer) => texts.push(data.toString()))
    peer.resume()
    await once(peer, 'pong')
    end.write([message])
    while (!texts.includes('hello')) await once(peer, 'message')
    expect(pongs).to.deep.equal(['one', 'four'])
  })

  it("writes nothing to a descriptor that is another's by now", async () => {
    const { end, socket } = await connected()
    const stream = streamOf(socket)
    const descriptor = stream._handle.fd
    stream.destroy()
    const directory = scratchDirectory()
    opens('directory', directory.remove)
    const file = join(directory.path, 'other')
    const reused = openSync(file, 'w')
    opens('file', () => closeSync(reused))
    expect(reused).to.equal(descriptor)
    expect(socket.readyState).to.equal(socket.OPEN)
    end.write([message])
    expect(readFileSync(file, 'utf8')).to.equal('')
  })

  it('answers pings though something waited when it was made', async () => {
    const { peer, socket } = await connected({
      onSocket(made) {
        streamOf(made).cork()
        streamOf(made).write(message.frame)
      },
    })
    const first = once(peer, 'message')
    streamOf(socket).uncork()
    await first
    peer.ping('one')
    expect(String((await once(peer, 'pong'))[0])).to.equal('one')
  })
})
