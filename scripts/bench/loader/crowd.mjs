// Opens many streams at once, says when each has had its first message, and leaves when told to.
import { connect } from 'node:net'

let sockets = []

function open(port, path) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      )
    })
    sockets.push(socket)
    let text = ''
    socket.on('data', (chunk) => {
      if (text === null) return
      text += chunk.toString('latin1')
      if (text.includes('"event":"message"')) {
        text = null
        resolve()
      } else if (text.includes('Invalid token')) reject(new Error('expected a message'))
    })
    socket.on('error', reject)
  })
}

process.on('message', async (message) => {
  if (message === 'leave') {
    for (const socket of sockets) socket.destroy()
    sockets = []
    process.send({})
    return
  }
  const startedAt = performance.now()
  await Promise.all(message.paths.map((path) => open(message.port, path)))
  process.send({ tookMs: performance.now() - startedAt })
})
