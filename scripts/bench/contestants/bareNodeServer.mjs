// What Node itself asks, and so what a service in Node can come near to: a finished frame a message, one write a session
// and turn of the loop, straight to the descriptor, and no client library before it. It bounds, checks and remembers
// nothing, and hears nobody.
//   node bareNodeServer.mjs <port> <broker port> <topic> [net]
// With `net` there is not even an HTTP parser: what a handshake in Node asks then.
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createNetServer } from 'node:net'
import { Sender } from 'ws'
import { bareFeed } from './bareFeed.mjs'

const [port, brokerPort, topic, mode] = process.argv.slice(2)
const watchers = new Map()
let waiting = []

const frameOptions = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false }
const frameOf = (payload) =>
  Buffer.concat(Sender.frame(Buffer.from(`{"event":"message","data":${payload}}`), frameOptions))

function flush() {
  const leaving = waiting
  waiting = []
  for (const session of leaving) {
    const { frames } = session
    session.frames = null
    write(session, frames.length === 1 ? frames[0] : Buffer.concat(frames))
  }
}

function write(session, bytes) {
  let taken = 0
  try {
    if (!session.isQueued) taken = writeSync(session.descriptor, bytes)
  } catch {
    // The stream will meet it, too.
  }
  if (taken === bytes.length || session.socket.destroyed) return
  session.isQueued = true
  session.socket.write(bytes.subarray(taken), () => (session.isQueued = session.socket.writableLength > 0))
}

function route(text) {
  const sessions = watchers.get(JSON.parse(text).data.DEVICE_ID)
  if (sessions === undefined) return
  const frame = frameOf(text)
  if (waiting.length === 0) setImmediate(flush)
  for (const session of sessions) {
    if (session.frames === null) {
      session.frames = [frame]
      waiting.push(session)
    } else {
      session.frames.push(frame)
    }
  }
}

const acceptOf = (key) =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

function take(socket, url, key) {
  const deviceIds = new URL(url, 'http://localhost').searchParams.get('device_ids')?.split(',') ?? []
  const session = { descriptor: socket._handle.fd, socket, frames: null, isQueued: false }
  const head = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${acceptOf(key)}`]
  socket.setNoDelay(true)
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join('\r\n')}\r\n\r\n`)
  for (const deviceId of deviceIds) {
    if (!watchers.has(deviceId)) watchers.set(deviceId, new Set())
    watchers.get(deviceId).add(session)
  }
  const leave = () => {
    for (const deviceId of deviceIds) watchers.get(deviceId).delete(session)
    waiting = waiting.filter((other) => other !== session)
    socket.destroy()
  }
  socket.on('error', leave).on('end', leave).on('close', leave).resume()
}

function takeUnparsed(socket) {
  socket.on('error', () => socket.destroy())
  // The subscriber's requests are short: each comes in one piece.
  socket.once('data', (request) => {
    const [, url, key] = /^GET (\S+)[^]*^Sec-WebSocket-Key: (\S+)/im.exec(request) ?? []
    if (key === undefined) socket.destroy()
    else take(socket, url, key)
  })
}

const server =
  mode === 'net'
    ? createNetServer(takeUnparsed)
    : createHttpServer().on('upgrade', ({ headers, url }, socket) =>
        take(socket, url, headers['sec-websocket-key']),
      )
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })

bareFeed(Number(brokerPort), topic, () => console.log('ready'), route)
