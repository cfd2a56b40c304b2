/** Anything whose WebSocket frame is finished. */
export interface Framed {
  readonly frame: Buffer
}

const scratchBytes = 16 * 1024
let scratch = Buffer.allocUnsafeSlow(scratchBytes)

/**
 * The frames of a batch, one after another, in one Buffer. A small one is the same memory each time: most writes are
 * done when they return, and then it may be used again. After one that was not, call `giveUpScratch`.
 *
 * @param isQueued Whether it will have to wait, and so gets memory of its own, no more than it needs.
 */
export function inOnePiece(batch: readonly Framed[], isQueued: boolean): Buffer {
  let bytes = 0
  for (const { frame } of batch) bytes += frame.length
  const piece = bytes <= scratchBytes && !isQueued ? scratch : Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const { frame } of batch) {
    piece.set(frame, at)
    at += frame.length
  }
  return piece.subarray(0, bytes)
}

/** Leaves the last piece to whoever still reads it. */
export function giveUpScratch(): void {
  scratch = Buffer.allocUnsafeSlow(scratchBytes)
}
