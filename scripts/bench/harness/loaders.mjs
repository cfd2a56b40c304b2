// The publisher and the subscriber, and how they are asked.
import { compiledC } from './compile.mjs'
import { start } from './processes.mjs'

// Latencies sampled beyond this many a second would cost the subscriber more than they tell.
const SAMPLES_PER_SECOND = 50_000

export async function startPublisher({ feed, scenario, payload, seed }) {
  const options = ['--port', feed.port, '--protocol', feed.protocol, '--topic', feed.topic]
  options.push('--devices', scenario.devices, '--rate', scenario.rate, '--payload', payload, '--seed', seed)
  if (feed.topicPerDevice) options.push('--topic-per-device')
  if (feed.serve) options.push('--serve')
  const program = start(compiledC('loader/publisher.c'), options)
  const ask = (command, answer) => {
    program.say(command)
    return program.event(answer, 10_000)
  }
  await program.event(feed.serve ? 'listening' : 'connected', 10_000)
  return {
    pid: program.pid,
    connected: () => program.event('connected', 30_000),
    go: () => ask('go', 'going'),
    mark: () => ask('mark', 'mark'),
    finish: () => ask('stop', 'stopped'),
    stop: program.stop,
  }
}

export function startSubscriber({ server, scenario, payload, seed }) {
  const { sessions, devices, each, rate, stalledShare = 0, reconnectSeconds, kind } = scenario
  const perSecond = (rate * sessions * each) / devices
  // Odd, so that it keeps no step with the number of devices or sessions.
  const every = Math.max(1, Math.floor(perSecond / SAMPLES_PER_SECOND) | 1)
  const options = [
    '--port',
    server.port,
    '--protocol',
    server.protocol,
    '--path',
    server.path,
    '--topic',
    server.topic,
  ]
  options.push(
    '--sessions',
    sessions,
    '--devices',
    devices,
    '--each',
    each,
    '--payload',
    payload,
    '--seed',
    seed,
  )
  options.push('--stalled', Math.round(sessions * stalledShare), '--sample', reconnectSeconds ? 1 : every)
  // One address has some 28,000 ports to leave from, and those of the run before may still be waiting to be free.
  if (sessions > 10_000) options.push('--sources', Math.ceil(sessions / 10_000))
  if (reconnectSeconds) options.push('--reconnect', reconnectSeconds)
  if (kind === 'storm') options.push('--storm')
  const program = start(compiledC('loader/subscriber.c'), options)
  const ask = (command, answer) => {
    program.say(command)
    return program.event(answer, 20_000)
  }
  return {
    pid: program.pid,
    ready: (timeoutMs) => program.event('ready', timeoutMs),
    streaming: (timeoutMs) => program.event('streaming', timeoutMs),
    mark: () => ask('mark', 'mark'),
    report: (sent) => ask(`report ${sent}`, 'report'),
    stop: program.stop,
  }
}
