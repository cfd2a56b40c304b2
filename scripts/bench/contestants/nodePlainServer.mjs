// What one writes first in Node: `ws` and `mqtt`, a Map of device to its sockets, and JSON for each client.
//   node server.mjs <port> <broker port> <topic>
import mqtt from 'mqtt'
import { WebSocketServer } from 'ws'

const [port, brokerPort, topic] = process.argv.slice(2)
const watchers = new Map()

const feed = mqtt.connect(`mqtt://127.0.0.1:${brokerPort}`)
feed.on('message', (_, payload) => {
  const message = JSON.parse(payload.toString())
  for (const socket of watchers.get(message.data.DEVICE_ID) ?? [])
    socket.send(JSON.stringify({ event: 'message', data: message }))
})

const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
server.on('connection', (socket, request) => {
  const query = new URL(request.url, 'http://localhost').searchParams
  const deviceIds = query.get('device_ids')?.split(',') ?? []
  for (const deviceId of deviceIds) {
    if (!watchers.has(deviceId)) watchers.set(deviceId, new Set())
    watchers.get(deviceId).add(socket)
  }
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    for (const deviceId of deviceIds) watchers.get(deviceId).delete(socket)
  })
})

feed.on('connect', () => feed.subscribe(topic, () => console.log('ready')))
