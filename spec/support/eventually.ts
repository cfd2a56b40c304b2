import { setTimeout as delay } from 'node:timers/promises'

/**
 * Reads again and again until what is read is as expected: for what tells nobody that it changed, such as a counter
 * behind a port. The limit only turns a test that would hang into one that says what it saw last.
 */
export async function eventually<T>(
  read: () => T | Promise<T>,
  holds: (value: T) => boolean,
  limitMs = 30_000,
): Promise<T> {
  const giveUpAt = Date.now() + limitMs
  for (;;) {
    const value = await read()
    if (holds(value)) return value
    if (Date.now() > giveUpAt) throw new Error(`still not as expected: ${JSON.stringify(value)}`)
    await delay(10)
  }
}
