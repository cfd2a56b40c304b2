import { EventEmitter, once } from 'node:events'

/** What has come, in its order, and a way to wait for what is still to come. */
export interface Inbox<T> {
  readonly all: readonly T[]
  put(item: T): void
  /** Nothing comes any more: who waits is told so. */
  end(): void
  /** Resolves with the next one, past or to come, that the predicate holds for; each is given out once. */
  take(predicate?: (item: T) => boolean): Promise<T>
}

export function inbox<T>(): Inbox<T> {
  const news = new EventEmitter()
  news.setMaxListeners(0)
  const all: T[] = []
  const untaken: T[] = []
  let isOver = false
  return {
    all,
    put(item) {
      all.push(item)
      untaken.push(item)
      news.emit('news')
    },
    end() {
      isOver = true
      news.emit('news')
    },
    async take(predicate = () => true) {
      for (;;) {
        const at = untaken.findIndex(predicate)
        if (at !== -1) return untaken.splice(at, 1)[0]!
        if (isOver) throw new Error(`it ended before what was waited for; ${all.length} had come`)
        await once(news, 'news')
      }
    },
  }
}
