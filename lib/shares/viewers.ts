/** Counts who watches each share now, in this process. */
export interface Viewers {
  /** Takes a place, and gives what frees it again; undefined where `max` places are taken. */
  readonly admit: (shareId: string, max?: number) => (() => void) | undefined
  readonly count: (shareId: string) => number
}

/** Makes an empty count. */
export function viewers(): Viewers {
  const counts = new Map<string, number>()
  const count = (shareId: string) => counts.get(shareId) ?? 0

  function free(shareId: string): void {
    const left = count(shareId) - 1
    if (left > 0) counts.set(shareId, left)
    else counts.delete(shareId)
  }

  return {
    count,
    admit: (shareId, max = Infinity) => {
      if (count(shareId) >= max) return undefined
      counts.set(shareId, count(shareId) + 1)
      let isFree = false
      return () => {
        if (isFree) return
        isFree = true
        free(shareId)
      }
    },
  }
}
