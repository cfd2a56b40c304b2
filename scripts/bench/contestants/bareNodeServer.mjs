// What Node itself asks: a finished frame a message, one write per session and turn, straight to the socket's stream. It
// holds nothing back, keeps no bounds, and checks nothing: no service, but what one in Node can come near to.
//   node server.mjs <port> <broker port> <topic>
import mqtt from 'mqtt'
import { Sender, WebSocketServer } from 'ws'

const [port, brokerPort, topic] = process.argv.slice(2)
const watchers = new Map()
let waiting = new Map()

const options = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false }
const frameOf = (payload) =>
  Buffer.concat(Sender.frame(Buffer.from(`{"event":"message","data":${payload}}`), options))

function flush() {
  const leaving = waiting
  waiting = new Map()
  for (const [stream, frames] of leaving)
    stream.write(frames.length === 1 ? frames[0] : Buffer.concat(frames))
}

const feed = mqtt.connect(`mqtt://127.0.0.1:${brokerPort}`)
feed.on('message', (_, payload) => {
  const text = payload.toString()
  const streams = watchers.get(JSON.parse(text).data.DEVICE_ID)
  if (streams === undefined) return
  const frame = frameOf(text)
  if (waiting.size === 0) setImmediate(flush)
  for (const stream of streams) {
    const frames = waiting.get(stream)
    if (frames === undefined) waiting.set(stream, [frame])
    else frames.push(frame)
  }
})

const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
server.on('connection', (socket, request) => {
  const query = new URL(request.url, 'http://localhost').searchParams
  const deviceIds = query.get('device_ids')?.split(',') ?? []
  const stream = request.socket
  for (const deviceId of deviceIds) {
    if (!watchers.has(deviceId)) watchers.set(deviceId, new Set())
    watchers.get(deviceId).add(stream)
  }
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    for (const deviceId of deviceIds) watchers.get(deviceId).delete(stream)
    waiting.delete(stream)
  })
})

feed.on('connect', () => feed.subscribe(topic, () => console.log('ready')))
