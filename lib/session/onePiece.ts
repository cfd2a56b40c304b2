/** Anything whose WebSocket frame is finished. */
export interface Framed {
  readonly frame: Buffer
}

/** Where a batch is put together that leaves at once. The next one overwrites it: what must wait is copied before. */
export const scratch = Buffer.allocUnsafeSlow(1_048_576)

/**
 * Puts the frames of a batch one after another into `scratch`: the same memory for all, so that the processor has it at
 * hand.
 *
 * @returns How many bytes they are; 0 where they don't fit, or are none.
 */
export function intoScratch(batch: readonly Framed[]): number {
  return fill(scratch, batch)
}

/** What stands in `scratch` from `begin` to `end`, in memory of its own and no more than it needs: it may wait for long. */
export function outOfScratch(begin: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - begin)
  scratch.copy(copy, 0, begin, end)
  return copy
}

/** The frames of a batch one after another, in memory of their own and no more than they need: they may wait for long. */
export function inOnePiece(batch: readonly Framed[]): Buffer {
  let bytes = 0
  for (const { frame } of batch) bytes += frame.length
  const piece = Buffer.allocUnsafeSlow(bytes)
  fill(piece, batch)
  return piece
}

function fill(piece: Buffer, batch: readonly Framed[]): number {
  let end = 0
  for (const { frame } of batch) {
    const begin = end
    end += frame.length
    if (end > piece.length) return 0
    piece.set(frame, begin)
  }
  return end
}
