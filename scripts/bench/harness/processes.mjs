// Everything the benchmark starts is started here, so that all of it also ends: with its run, on Ctrl-C, on a failure.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

const running = new Set()
const folders = new Set()

function killAll() {
  for (const child of running) killGroup(child)
  removeFolders()
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

process.on('exit', killAll)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

/** A folder that lasts as long as the run. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'afluente-bench-'))
  folders.add(folder)
  return folder
}

export function removeFolders() {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  folders.clear()
}

/**
 * Starts a program in a process group of its own, with as many descriptors as this machine permits. What it prints on
 * standard output is handed out line by line.
 */
export function start(command, args, { environment = process.env, folder = '/' } = {}) {
  const raise = 'ulimit -n "$(ulimit -Hn)" 2>/dev/null; exec "$@"'
  const child = spawn('sh', ['-c', raise, 'sh', command, ...args.map(String)], {
    cwd: folder,
    env: environment,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  running.add(child)
  const lines = []
  const waiting = new Set()
  let complaint = ''
  const look = () => {
    for (const entry of waiting) {
      const index = lines.findIndex(entry.wanted)
      if (index >= 0) entry.resolve(lines.splice(index, 1)[0])
      else if (ended) entry.reject(new Error(`${command} ended: ${complaint.trim().slice(-300)}`))
    }
  }
  let ended = false
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    // A server's log is no use here and must not grow for ever.
    if (lines.length > 1000) lines.shift()
    look()
  })
  child.stderr.on('data', (text) => (complaint = (complaint + text).slice(-4000)))
  child.stdin.on('error', () => undefined)
  const closed = new Promise((resolve) => {
    const end = () => {
      ended = true
      running.delete(child)
      look()
      resolve()
    }
    child.on('close', end)
    child.on('error', (error) => {
      complaint = error.message
      end()
    })
  })

  /** The first line that `wanted` likes, or an error when it doesn't come in time. */
  function line(wanted, timeoutMs) {
    return new Promise((resolve, reject) => {
      const finish = (settle) => (value) => {
        clearTimeout(timer)
        waiting.delete(entry)
        settle(value)
      }
      const entry = { wanted, resolve: finish(resolve), reject: finish(reject) }
      const timer = setTimeout(
        () => entry.reject(new Error(`${command} did not get there in ${timeoutMs / 1000} s`)),
        timeoutMs,
      )
      waiting.add(entry)
      look()
    })
  }

  return {
    pid: child.pid,
    line,
    /** The next line of JSON whose `event` is `name`. */
    event: async (name, timeoutMs) =>
      JSON.parse(await line((text) => text.startsWith(`{"event":"${name}"`), timeoutMs)),
    say: (text) => child.stdin.write(`${text}\n`),
    hasEnded: () => ended,
    complaint: () => complaint,
    async stop() {
      killGroup(child)
      await closed
    },
    /** Asks it to end, and makes it when it doesn't. */
    async end(timeoutMs) {
      child.kill('SIGTERM')
      await Promise.race([closed, delay(timeoutMs, undefined, { ref: false })])
      killGroup(child)
      await closed
    },
  }
}

/** A port nobody listens on, below the range that outgoing connections take theirs from. */
export async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    const free = await new Promise((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
}

/** Waits until something answers, or the program that should has ended. */
export async function answering(program, attempt, timeoutMs = 20_000) {
  const until = Date.now() + timeoutMs
  while (Date.now() < until) {
    if (program.hasEnded()) throw new Error(`it ended at once: ${program.complaint().trim().slice(-300)}`)
    if (await attempt()) return
    await delay(20)
  }
  throw new Error(`it was not ready within ${timeoutMs / 1000} s: ${program.complaint().trim().slice(-300)}`)
}

export const accepts = (port) => () =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
