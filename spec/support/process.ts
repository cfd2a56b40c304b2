import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { opens } from './opened.js'

/** A real process: what it printed, and how to wait for more of it. */
export interface Running {
  readonly child: ChildProcess
  /** All that it printed, both streams. */
  output(): string
  /** Resolves with the first match in what was printed or will be; rejects where it ends without. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>
  /** Ends it, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
  /** Sends a signal again and again until it has ended: what comes at once after another is the same one to it. */
  insist(signal: NodeJS.Signals): Promise<number | string>
}

export function run(command: string, args: readonly string[], options: SpawnOptions = {}): Running {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  const news = new EventEmitter()
  news.setMaxListeners(0)
  let text = ''
  let hasEnded = false
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      news.emit('news')
    })
  }
  const exited = new Promise<number | string>((resolve) => {
    child.once('error', (error) => {
      text += error.message
      resolve(-1)
    })
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1))
  }).then((status) => {
    hasEnded = true
    news.emit('news')
    return status
  })

  async function printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(text)
      if (match !== null) return match
      if (hasEnded) throw new Error(`${command} ended without printing ${pattern}; it printed:\n${text}`)
      await once(news, 'news')
    }
  }

  async function kill(signal: NodeJS.Signals): Promise<number | string> {
    if (!hasEnded) {
      child.kill('SIGCONT') // a frozen process doesn't end
      child.kill(signal)
    }
    return exited
  }

  function insist(signal: NodeJS.Signals): Promise<number | string> {
    const again = setInterval(() => child.kill(signal), 100)
    return exited.finally(() => clearInterval(again))
  }

  const close = opens(command, () => kill('SIGKILL'))
  void exited.then(close)
  return {
    child,
    output: () => text,
    printed,
    exited,
    insist,
    async stop(signal = 'SIGTERM') {
      const status = await kill(signal)
      await close()
      return status
    },
  }
}
