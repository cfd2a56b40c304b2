// NATS over WebSocket: a subject a device. The publisher speaks NATS's own protocol, the cheapest way in that it has (its
// MQTT listener would add JetStream's work), and it needs no broker before it: both favour it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCommand, installedGo } from '../harness/compile.mjs'
import { accepts, answering, freePort, start, temporaryFolder } from '../harness/processes.mjs'

const findNats = () => ['nats-server', '/usr/sbin/nats-server'].find(hasCommand)

async function startNats(command) {
  const [port, feedPort] = [await freePort(), await freePort()]
  const file = join(temporaryFolder(), 'nats.conf')
  const lines = [
    `listen: "127.0.0.1:${feedPort}"`,
    'max_connections: 65536',
    `websocket { listen: "127.0.0.1:${port}", no_tls: true, compression: false }`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const program = start(command, ['-c', file])
  await answering(program, accepts(port))
  return {
    pids: [program.pid],
    brokerPids: [],
    port,
    protocol: 'nats',
    path: '/',
    topic: 'tracking',
    feed: { protocol: 'nats', port: feedPort, topic: 'tracking', topicPerDevice: true },
    hasEnded: program.hasEnded,
    complaint: program.complaint,
    stop: program.stop,
  }
}

export const nats = {
  name: 'nats',
  missing: () => (findNats() ? undefined : 'not installed: apt-get install nats-server'),
  start: () => startNats(findNats()),
}

export const natsLatest = {
  name: 'nats-latest',
  missing: () => (hasCommand('go') ? undefined : 'no Go toolchain at hand to build it with'),
  prepare: () => installedGo('github.com/nats-io/nats-server/v2@latest'),
  start: () => startNats(installedGo('github.com/nats-io/nats-server/v2@latest')),
}
