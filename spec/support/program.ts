import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** This checkout's root, from where examples are run as their guide says. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

export interface Program {
  readonly process: ChildProcess
  /** All that it has written so far. */
  readonly output: () => string
  readonly stdout: () => string
  /** Waits until what it writes matches; fails with all of its output when it ends first. */
  readonly written: (pattern: RegExp) => Promise<RegExpExecArray>
  /** Waits for its end; null when a signal ended it. */
  readonly ended: Promise<number | null>
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>
}

/** Runs a program in this checkout and listens to what it writes. */
export function run(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Program {
  // Its input stays open and silent, as a terminal's: some programs leave when it ends.
  const child = spawn(command, args, { cwd: root, env: environment, stdio: 'pipe' })
  let stdout = ''
  let output = ''
  let over = false
  const looks = new Set<() => void>()
  const look = () => {
    for (const again of [...looks]) again()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    output += text
    look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
    look()
  })
  const ended = once(child, 'close').then(([code]) => {
    over = true
    look()
    return code as number | null
  })

  return {
    process: child,
    output: () => output,
    stdout: () => stdout,
    written: (pattern) =>
      new Promise((resolve, reject) => {
        const again = () => {
          const found = pattern.exec(output)
          if (found === null && !over) return
          looks.delete(again)
          if (found !== null) resolve(found)
          else reject(new Error(`${command} ended without writing ${pattern.source}:\n${output}`))
        }
        looks.add(again)
        again()
      }),
    ended,
    stop(signal = 'SIGINT') {
      if (!over) child.kill(signal)
      return ended
    },
  }
}
