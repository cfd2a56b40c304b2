const firstMs = 1_000
const longestMs = 30_000

/**
 * How long to wait before the next attempt after `failures` in a row: 1, 2, 4 … 30 seconds, of which a random half is
 * taken off, so that a thousand phones that lost the same server don't all come back at once.
 */
export function retryDelay(failures: number, random: () => number = Math.random): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 10))
  return wholeMs * (0.5 + random() / 2)
}
