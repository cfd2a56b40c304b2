// "Unacceptable protocol version": a CONNACK's return code in 3.1.1, its reason code in 5.
const versionRefusals = new Set<unknown>([1, 0x84])

class ClosedError extends Error {
  readonly isAnswered: boolean

  constructor(isAnswered: boolean) {
    super(isAnswered ? 'the broker closed the connection' : 'no connection, or closed before it was accepted')
    this.isAnswered = isAnswered
  }
}

/** What a closed connection is told as; `isAnswered` where the broker had accepted it. */
export function connectionRefusal(isAnswered: boolean): Error {
  return new ClosedError(isAnswered)
}

/** Whether the broker doesn't speak the version asked for; old ones close the connection without a word. */
export function isVersionRefused(error: unknown): boolean {
  if (error instanceof ClosedError) return !error.isAnswered
  return error instanceof Error && 'code' in error && versionRefusals.has(error.code)
}
