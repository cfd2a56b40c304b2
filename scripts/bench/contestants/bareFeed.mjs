// The least that a consumer of the feed can do in Node: MQTT 3.1.1 at QoS 0, no keep-alive, and what each message says
// is read where it lies in the buffer that the kernel wrote it to.
import { connect } from 'node:net'

const withLength = (bytes) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
const packet = (type, ...parts) => {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([type, content.length]), content]) // short enough for one byte of length
}

/** Subscribes; tells each payload as text. */
export function bareFeed(port, topic, onSubscribed, onText) {
  const buffer = Buffer.allocUnsafeSlow(64 * 1024)
  let held = null // the beginning of a packet

  const callback = (length) => {
    const read = buffer.subarray(0, length)
    const bytes = held === null ? read : Buffer.concat([held, read])
    let at = 0
    for (let next = packetAt(bytes, at); next !== null; next = packetAt(bytes, at)) {
      const type = bytes[at] >> 4
      const { content, end } = next
      if (type === 3) onText(bytes.toString('utf8', content + 2 + bytes.readUInt16BE(content), end))
      if (type === 9) onSubscribed()
      at = end
    }
    held = at === bytes.length ? null : Buffer.from(bytes.subarray(at))
    return true
  }
  const socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback } })
  socket.write(packet(0x10, Buffer.from([0, 4]), Buffer.from('MQTT'), Buffer.from([4, 2, 0, 0, 0, 0])))
  socket.write(packet(0x82, Buffer.from([0, 1]), withLength(Buffer.from(topic)), Buffer.from([0])))
}

function packetAt(bytes, at) {
  let length = 0
  for (let next = at + 1, shift = 0; next < bytes.length; next++, shift += 7) {
    length |= (bytes[next] & 127) << shift
    const end = next + 1 + length
    if (bytes[next] < 128) return end <= bytes.length ? { content: next + 1, end } : null
  }
  return null
}
