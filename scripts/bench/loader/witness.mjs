// Streams that are open already: how late their messages are, between `begin` and `end`.
import { WebSocket } from 'ws'

let late = []

process.on('message', async (message) => {
  if (message === 'begin') {
    late = []
    process.send({})
  } else if (message === 'end') {
    late.sort((a, b) => a - b)
    const at = (share) => late[Math.min(late.length - 1, Math.floor(share * late.length))]
    process.send({ p50: at(0.5), p99: at(0.99), max: at(1) })
  } else {
    const opening = Array.from({ length: message.watchers }, (_, device) => {
      const socket = new WebSocket(`ws://127.0.0.1:${message.port}/api/v1/stream?device_ids=d${device}`)
      socket.on('message', (data) => {
        const { event, data: body } = JSON.parse(data)
        if (event === 'message') late.push(performance.timeOrigin + performance.now() - body.data.AT)
      })
      return new Promise((resolve) => socket.once('open', resolve))
    })
    await Promise.all(opening)
    process.send({})
  }
})
