import { performance } from 'node:perf_hooks'

const lookEveryMs = 100
// Of the time. Collecting takes some of the load away: so it ends at less than it begins at.
const busyFrom = 0.85
const busyUntil = 0.75

/**
 * Makes what tells whether this thread's event loop was mostly at work, rather than waiting, since it was last looked at,
 * a tenth of a second ago or longer. It may be asked thousands of times a second.
 *
 * @param readLife How long the loop was at work and waiting so far, in milliseconds. @param now A clock, likewise.
 */
export function busyLoop(
  readLife: () => { active: number; idle: number } = () => performance.eventLoopUtilization(),
  now = () => performance.now(),
): () => boolean {
  let isBusy = false
  let lookedAt = now()
  let life = readLife()
  return () => {
    if (now() - lookedAt < lookEveryMs) return isBusy
    lookedAt = now()
    const before = life
    life = readLife()
    const worked = life.active - before.active
    const waited = life.idle - before.idle
    isBusy = worked > (isBusy ? busyUntil : busyFrom) * (worked + waited)
    return isBusy
  }
}
