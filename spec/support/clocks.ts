import { type SchedulerLike, VirtualAction, VirtualTimeScheduler } from 'rxjs'

/**
 * Two clocks held by hand: a scheduler whose wall time may be set, and a monotonic one that only `pass` moves.
 * Timers go by the monotonic one, as Node's do.
 */
export interface HeldClocks {
  readonly scheduler: SchedulerLike
  readonly monotonicNow: () => number
  /** The wall time. */
  readonly now: () => number
  /** Lets time pass, running what falls due. */
  readonly pass: (ms: number) => void
  /** Sets the wall clock forward or back. */
  readonly jump: (ms: number) => void
  /** Milliseconds passed since the start. */
  readonly elapsed: () => number
  /** Timers that are armed. */
  readonly waiting: () => number
}

/** Makes clocks whose wall time starts at `startMs`. */
export function clocksAt(startMs: number): HeldClocks {
  const timers = new VirtualTimeScheduler(VirtualAction)
  let offsetMs = startMs
  const scheduler: SchedulerLike = {
    now: () => timers.now() + offsetMs,
    // The two spellings of `work` in rxjs's types differ in whether `state` may be left out.
    schedule: (work, delay, state) =>
      timers.schedule(work as Parameters<typeof timers.schedule>[0], delay, state),
  }
  return {
    scheduler,
    monotonicNow: () => timers.now(),
    now: () => scheduler.now(),
    pass: (ms) => {
      const until = timers.now() + ms
      timers.maxFrames = until
      timers.flush()
      timers.frame = until
    },
    jump: (ms) => {
      offsetMs += ms
    },
    elapsed: () => timers.now(),
    waiting: () => timers.actions.filter((action) => !action.closed).length,
  }
}
