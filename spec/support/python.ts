import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Frame } from './client.js'
import { inbox, type Inbox } from './inbox.js'
import { run, type Running } from './process.js'

// Clients that nobody here wrote, each a process of its own, driven by lines of JSON.

interface PythonProcess<T> extends Running {
  readonly told: Inbox<T>
  order(command: object): void
}

function runPython<T>(script: string, ...args: string[]): PythonProcess<T> {
  // Compiled specs stand in dist, the scripts don't.
  const path = fileURLToPath(new URL(`../../../spec/support/${script}`, import.meta.url))
  const running = run('/usr/bin/python3', [path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const told = inbox<T>()
  const { stdin, stdout } = running.child
  if (stdin === null || stdout === null) throw new Error('expected pipes')
  stdin.on('error', () => undefined) // it has ended; `exited` tells
  createInterface({ input: stdout }).on('line', (line) => told.put(JSON.parse(line) as T))
  void running.exited.then(() => told.end())
  return { ...running, told, order: (command) => void stdin.write(`${JSON.stringify(command)}\n`) }
}

export interface PythonClient {
  /** Resolves with the next text frame, as it came. */
  nextText(): Promise<string>
  /** Resolves with the next text frame, parsed, that the predicate holds for. */
  next(predicate?: (frame: Frame) => boolean): Promise<Frame>
  send(text: string): void
  /** Closes as one should, and waits until that is done. */
  close(): Promise<unknown>
  /** Vanishes without a close frame. */
  kill(): Promise<unknown>
  readonly closed: Promise<{ code: number; reason: string }>
}

type Told = { open: true } | { text: string } | { code: number; reason: string }

/** A WebSocket client on Python's `websockets` library. Resolves when it is open. */
export async function openPythonClient(url: string): Promise<PythonClient> {
  const python = runPython<Told>('websocketsClient.py', url)
  await python.told.take((told) => 'open' in told)
  const texts = inbox<string>()
  const closed = (async () => {
    for (;;) {
      const told = await python.told.take()
      if ('code' in told) {
        texts.end()
        return told
      }
      if ('text' in told) texts.put(told.text)
    }
  })()
  closed.catch(() => texts.end()) // it was killed
  const parse = (text: string) => JSON.parse(text) as Frame
  return {
    nextText: () => texts.take(),
    next: async (predicate = () => true) => parse(await texts.take((text) => predicate(parse(text)))),
    send: (text) => python.order({ send: text }),
    async close() {
      python.order({ close: true })
      return python.exited
    },
    kill: () => python.stop('SIGKILL'),
    closed,
  }
}

export interface PahoPublisher {
  /** Publishes a payload as it is, or an object as JSON; resolves when the broker has it. */
  publish(payload: string | Buffer | object, topic?: string): Promise<unknown>
}

/** A publisher on Python's paho-mqtt. */
export async function startPaho(broker: { readonly port: number }): Promise<PahoPublisher> {
  const python = runPython('pahoPublisher.py', String(broker.port))
  await python.told.take()
  return {
    async publish(payload, topic = 'tracking/data') {
      const isRaw = typeof payload === 'string' || Buffer.isBuffer(payload)
      const bytes = Buffer.from(isRaw ? payload : JSON.stringify(payload))
      python.order({ topic, payload: bytes.toString('base64') })
      await python.told.take()
    },
  }
}
