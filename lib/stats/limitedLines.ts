/** Whether another line may be written in this second. */
export type LineBudget = () => boolean

/** At most `perSecond` lines in a second, for all who share it. */
export function lineBudget(perSecond: number, now: () => number = Date.now): LineBudget {
  let second = -1
  let written = 0
  return () => {
    const current = Math.floor(now() / 1000)
    if (current !== second) {
      second = current
      written = 0
    }
    return ++written <= perSecond
  }
}

/** Writes a line for `key`, or holds it back and tells the next one how many were. */
export type LimitedLines = (key: string, write: (heldBack: number) => void) => void

/**
 * Lets a key's first line through at once, then at most one every `everyMs`. A line that is held back is counted, and
 * the next of its key is told the number.
 */
export function limitedLines(
  everyMs: number,
  budget: LineBudget = () => true,
  now: () => number = Date.now,
): LimitedLines {
  const keys = new Map<string, { nextAt: number; heldBack: number }>()
  return (key, write) => {
    const at = now()
    const state = keys.get(key) ?? { nextAt: at, heldBack: 0 }
    keys.set(key, state)
    if (at < state.nextAt || !budget()) {
      state.heldBack++
      return
    }
    write(state.heldBack)
    state.nextAt = at + everyMs
    state.heldBack = 0
  }
}
