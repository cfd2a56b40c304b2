/** Anything whose WebSocket frame is finished. */
export interface Framed {
  readonly frame: Buffer
}

// Sizes are powers of two up to 1 MiB, so that all that is kept is 2 MiB.
const largestBits = 20
const scratches: (Buffer | undefined)[] = []

/**
 * The frames of a batch, one after another, in one Buffer. That is the same memory each time for batches of about the
 * same size: most writes are done when they return, and then it may be used again. After one that was not, call
 * `giveUpScratch`.
 *
 * @param isQueued Whether it will have to wait, and so gets memory of its own, no more than it needs.
 */
export function inOnePiece(batch: readonly Framed[], isQueued: boolean): Buffer {
  let bytes = 0
  for (const { frame } of batch) bytes += frame.length
  const bits = bitsOf(bytes)
  const piece =
    isQueued || bits > largestBits
      ? Buffer.allocUnsafeSlow(bytes)
      : (scratches[bits] ??= Buffer.allocUnsafeSlow(2 ** bits))
  let at = 0
  for (const { frame } of batch) {
    piece.set(frame, at)
    at += frame.length
  }
  return piece.subarray(0, bytes)
}

/** Leaves a piece to whoever still reads it. */
export function giveUpScratch(piece: Buffer): void {
  scratches[bitsOf(piece.length)] = undefined
}

function bitsOf(bytes: number): number {
  return 32 - Math.clz32(bytes - 1)
}
