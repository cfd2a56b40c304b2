import { animationFrames, concat, map, type Observable, of, switchMap, takeWhile } from 'rxjs'
import { distanceBetween, placeBetween, turn, wrapped } from './geometry.js'
import type { Place } from './report.js'

/** How a marker stands: where, and which way it points. */
export interface Pose {
  readonly place: Place
  /** Degrees clockwise from north; null where it isn't known. */
  readonly heading: number | null
}

export interface GlideOptions {
  /** Whether the viewer asked for less motion: then it jumps. */
  readonly isStill: () => boolean
  readonly now?: () => number
}

const farthest = 3_000 // metres: beyond, a glide would show places where the vehicle never was
const longestMs = 1_500
const shortestMs = 150

/**
 * Moves smoothly through the poses of its source: each is approached from where the marker stands now, in the time
 * that passed between the last two.
 *
 * In other words: `switchMap` to an animation that never starts anew from the beginning.
 *
 * The last value is always the newest pose itself.
 */
export function glide(poses$: Observable<Pose>, options: GlideOptions): Observable<Pose> {
  const { isStill, now = () => performance.now() } = options
  let shown: Pose | undefined
  let cameAt = now()
  return poses$.pipe(
    switchMap((pose) => {
      const sinceLastMs = now() - cameAt
      cameAt = now()
      const from = shown
      if (from === undefined || isStill() || distanceBetween(from.place, pose.place) > farthest)
        return of(pose)
      const wholeMs = glideMs(sinceLastMs)
      return animationFrames().pipe(
        map(({ elapsed }) => elapsed / wholeMs),
        takeWhile((fraction) => fraction < 1),
        map((fraction) => poseBetween(from, pose, fraction)),
        (frames$) => concat(frames$, of(pose)),
      )
    }),
    map((pose) => (shown = pose)),
  )
}

/** How long to take for a way when the last report is so old: about as long, so that a steady vehicle never stops. */
export function glideMs(sinceLastMs: number): number {
  return Math.min(longestMs, Math.max(shortestMs, sinceLastMs))
}

/** The pose at `fraction` of the way, turning the short way round. */
export function poseBetween(from: Pose, to: Pose, fraction: number): Pose {
  const heading =
    from.heading === null || to.heading === null
      ? to.heading
      : wrapped(from.heading + turn(from.heading, to.heading) * Math.min(1, 2 * fraction))
  return { place: placeBetween(from.place, to.place, fraction), heading }
}
