import type { Reading, Snapshot } from '../stats/reading.js'

/** What one end tells the other. */
export type News =
  /** Of a worker: it listens. */
  | { readonly type: 'up'; readonly port: number }
  /** Of a worker: it can't work, and waits to be ended, so that this gets through. */
  | { readonly type: 'failed'; readonly message: string }
  /** Of a worker: it changed this share, or null for any. Of the primary: another worker did. */
  | { readonly type: 'shareChanged'; readonly shareId: string | null }
  /** Of the primary: take nobody in any more, and end when all are gone. */
  | { readonly type: 'drain' }

type Message =
  | News
  | { readonly type: 'ask'; readonly id: number }
  | { readonly type: 'answer'; readonly id: number; value: unknown }

/** An end of the IPC channel between the primary and a worker: `process` in the worker, a `Worker` in the primary. */
interface ChannelEnd {
  on(event: 'message', listener: (message: unknown) => void): unknown
  send?(message: object, handle: undefined, options: object, onSent: (error: Error | null) => void): boolean
}

export interface LinkOptions {
  /** What this end answers when the other asks. */
  readonly onAsk: () => Promise<unknown>
  readonly onNews: (news: News) => void
}

export interface WorkerLink<Answer> {
  tell(news: News): void
  /** Resolves with undefined where no answer comes within `waitMs`, or the other end is gone. */
  ask(waitMs: number): Promise<Answer | undefined>
  /** The other end is gone: who waits for its answer is told so. */
  close(): void
}

/** The primary's link to a worker, which asks for what the worker knows, and answers what the group knows. */
export type ToWorker = WorkerLink<Snapshot>
/** A worker's link to the primary. */
export type ToPrimary = WorkerLink<Reading>

/** Makes one end of a link: each end may tell the other something, or ask for the one thing that it knows. */
export function workerLink<Answer>(end: ChannelEnd, { onAsk, onNews }: LinkOptions): WorkerLink<Answer> {
  const asked = new Map<number, (answer: Answer | undefined) => void>()
  let lastId = 0

  // Who can't be told is gone or about to be, which its exit says.
  const send = (message: Message) => void end.send?.(message, undefined, {}, () => undefined)

  end.on('message', (received) => {
    const message = received as Message // the other end is this same file
    if (message.type === 'ask') {
      onAsk().then(
        (value) => send({ type: 'answer', id: message.id, value }),
        () => undefined, // no answer is one, too
      )
    } else if (message.type === 'answer') asked.get(message.id)?.(message.value as Answer)
    else onNews(message)
  })

  return {
    tell: send,
    ask(waitMs) {
      const id = ++lastId
      return new Promise((resolve) => {
        const settle = (answer: Answer | undefined) => {
          clearTimeout(timer)
          asked.delete(id)
          resolve(answer)
        }
        const timer = setTimeout(settle, waitMs, undefined)
        asked.set(id, settle)
        send({ type: 'ask', id })
      })
    },
    close() {
      for (const settle of [...asked.values()]) settle(undefined)
    },
  }
}
