// What the figures were taken on.
import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

export function descriptorLimit() {
  const limit = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim()
  return limit === 'unlimited' ? 1_000_000 : Number(limit)
}

const version = (command, ...args) => {
  const { stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  })
  return `${stdout ?? ''}${stderr ?? ''}`.split('\n')[0].trim() || undefined
}

export function describeMachine() {
  return {
    at: new Date().toISOString(),
    cores: cpus().length,
    processor: cpus()[0]?.model,
    memoryGigabytes: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.version,
    mosquitto: version('mosquitto', '-h'),
    nats: version('nats-server', '--version'),
    go: version('go', 'version'),
    descriptors: descriptorLimit(),
  }
}
