// The MQTT broker between the publisher and whoever consumes the feed: Mosquitto, one for each run.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepts, answering, freePort, start, temporaryFolder } from '../harness/processes.mjs'
import { hasCommand } from '../harness/compile.mjs'

export const topic = 'tracking/data'

export function missingMosquitto() {
  return findMosquitto() ? undefined : 'not installed: apt-get install mosquitto'
}

const findMosquitto = () => ['mosquitto', '/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'].find(hasCommand)

/** Starts Mosquitto with the listeners given as lines of its configuration. */
export async function startMosquitto(lines, port) {
  const file = join(temporaryFolder(), 'mosquitto.conf')
  const common = ['allow_anonymous true', 'persistence false', 'log_dest none', 'set_tcp_nodelay true']
  // Else it would change to a user that can't read the file.
  if (process.getuid() === 0) common.push('user root')
  writeFileSync(file, [...common, ...lines, ''].join('\n'))
  const program = start(findMosquitto(), ['-c', file])
  await answering(program, accepts(port))
  return program
}

/** A broker for the feed alone. It queues without a limit, so that what is lost is lost by the contestant. */
export async function startBroker() {
  const port = await freePort()
  const program = await startMosquitto(
    [`listener ${port} 127.0.0.1`, 'max_queued_messages 0', 'max_queued_bytes 0'],
    port,
  )
  return { program, port }
}

/** A server that consumes the feed from a broker: what afluente and most others have in common. */
export async function startConsumer(startServer) {
  const broker = await startBroker()
  const port = await freePort()
  try {
    const program = await startServer(port, broker.port)
    return {
      pids: [program.pid],
      brokerPids: [broker.program.pid],
      port,
      protocol: 'text',
      path: '/api/v1/stream?device_ids=',
      topic,
      feed: { protocol: 'mqtt', port: broker.port, topic, topicPerDevice: false },
      hasEnded: program.hasEnded,
      complaint: program.complaint,
      stop: () => Promise.all([program.stop(), broker.program.stop()]),
    }
  } catch (error) {
    await broker.program.stop()
    throw error
  }
}

/** For servers that print a line when the feed is up. */
export async function startSayingReady(command, args, options) {
  const program = start(command, args, options)
  try {
    await program.line((line) => line === 'ready', 20_000)
  } catch (error) {
    await program.stop()
    throw error
  }
  return program
}
