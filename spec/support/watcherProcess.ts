// A client as a process of its own, to be frozen or cut off: `node watcherProcess.js URL`. It prints each frame.
import { WebSocket } from 'ws'

const socket = new WebSocket(process.argv[2] ?? '', { perMessageDeflate: false })
socket.on('open', () => process.stdout.write('open\n'))
socket.on('message', (data: Buffer) => process.stdout.write(`${data.toString()}\n`))
socket.on('close', (code) => process.stdout.write(`closed ${code}\n`))
