import { execFileSync } from 'node:child_process'
import { opens } from './opened.js'
import { run, type Running } from './process.js'

/** A link between this machine's network and a namespace on its other end, by a real pair of interfaces. */
export interface Link {
  /** Our end's address. */
  readonly address: string
  /** Runs a process at the other end. */
  run(command: string, args: readonly string[]): Running
  /** Cuts the link: from now on what either end sends is lost, and neither is told. */
  cut(): void
  close(): Promise<unknown>
}

let links = 0

const ip = (...args: readonly string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })

/** Whether this user may make network namespaces. */
export function mayLink(): boolean {
  try {
    ip('netns', 'add', `afluente-${process.pid}`)
    ip('netns', 'delete', `afluente-${process.pid}`)
    return true
  } catch {
    return false
  }
}

/** Makes a link. The addresses are of the block for benchmarks (RFC 2544), which nobody routes. */
export function startLink(): Link {
  const name = `afl${process.pid}-${links++}`
  const ours = `${name}a`
  const theirs = `${name}b`
  const subnet = process.pid % 16_384
  const prefix = `198.${18 + (subnet >> 13)}.${(subnet >> 5) & 255}`
  const first = (subnet & 31) << 3
  const address = `${prefix}.${first + 1}`
  ip('netns', 'add', name)
  const close = opens(`link ${name}`, () => ip('netns', 'delete', name)) // and with it the pair of interfaces
  ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', name)
  ip('address', 'add', `${address}/30`, 'dev', ours)
  ip('link', 'set', ours, 'up')
  ip('-n', name, 'address', 'add', `${prefix}.${first + 2}/30`, 'dev', theirs)
  ip('-n', name, 'link', 'set', theirs, 'up')
  return {
    address,
    run: (command, args) => run('ip', ['netns', 'exec', name, command, ...args]),
    cut: () => void ip('-n', name, 'link', 'set', theirs, 'down'),
    close,
  }
}
