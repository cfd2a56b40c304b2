// Mosquitto's own WebSocket listener: viewers subscribe to a topic a device, and the publisher publishes there. Its
// limits for a slow client are its defaults.
import { freePort } from '../harness/processes.mjs'
import { missingMosquitto, startMosquitto, topic } from './broker.mjs'

export const mosquitto = {
  name: 'mosquitto',
  missing: missingMosquitto,
  async start() {
    const [port, feedPort] = [await freePort(), await freePort()]
    const listeners = [`listener ${feedPort} 127.0.0.1`, `listener ${port} 127.0.0.1`, 'protocol websockets']
    const program = await startMosquitto(listeners, port)
    return {
      pids: [program.pid],
      brokerPids: [],
      port,
      protocol: 'mqtt',
      path: '/mqtt',
      topic,
      feed: { protocol: 'mqtt', port: feedPort, topic, topicPerDevice: true },
      hasEnded: program.hasEnded,
      complaint: program.complaint,
      stop: program.stop,
    }
  },
}
