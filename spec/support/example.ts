import { fileURLToPath } from 'node:url'
import { run, type Running } from './process.js'

/** This checkout's root, from where examples are run as their guide says. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

export interface RunningExample extends Running {
  /** What it printed on standard output alone. */
  stdout(): string
}

/** Runs an example, or a command of the guide. */
export function runExample(command: string, args: readonly string[]): RunningExample {
  // Its input stays open and silent, as a terminal's: some programs leave when it ends.
  const running = run(command, args, { cwd: root, stdio: 'pipe' })
  let stdout = ''
  running.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  return { ...running, stdout: () => stdout }
}
