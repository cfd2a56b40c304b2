import { Observable, type OperatorFunction, Subscriber, type TeardownLogic } from 'rxjs'

/** What an operator does at each notification of its source; what is left out passes on as it is. */
export interface Link<T> {
  next: (value: T) => void
  error?: (error: unknown) => void
  complete?: () => void
}

/**
 * A Subscriber between a source and `out`. It is to be added to `out` before it is subscribed, so that a synchronous
 * source stops when `out` does. It turns a throw in a callback into `out`'s error, so that a Subject's loop
 * goes on to its other subscribers.
 *
 * To extend it saves an object and a call for each value; elsewhere `linked` does.
 */
export abstract class LinkedSubscriber<T> extends Subscriber<T> {
  /** Whoever makes it adds it to `out`, or unsubscribes it when `out` ends. */
  constructor(out: Subscriber<unknown>) {
    super()
    this.destination = out
  }

  protected abstract onNext(value: T): void

  // Rather than `_next`: a call less for each value.
  override next(value: T): void {
    if (this.isStopped) {
      super.next(value) // for RxJS's `onStoppedNotification`
      return
    }
    try {
      this.onNext(value)
    } catch (error) {
      this.destination.error(error)
    }
  }

  override add(teardown: TeardownLogic): void {
    super.add(teardown)
    trim(this)
  }

  /** Does what an error or the completion asks for, and ends. */
  protected guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.destination.error(error)
    } finally {
      this.unsubscribe()
    }
  }
}

/** One that does what a link says. */
class SubscriberOfLink<T> extends LinkedSubscriber<T> {
  readonly #link: Link<T>

  constructor(out: Subscriber<unknown>, link: Link<T>) {
    super(out)
    this.#link = link
  }

  protected override onNext(value: T): void {
    this.#link.next(value)
  }

  protected override _error(error: unknown): void {
    if (this.#link.error === undefined) super._error(error)
    else this.guard(() => this.#link.error?.(error))
  }

  protected override _complete(): void {
    if (this.#link.complete === undefined) super._complete()
    else this.guard(() => this.#link.complete?.())
  }
}

// RxJS pushes teardowns into an array, in which V8 makes room for seventeen at the first. Most Subscribers have one or
// two: with thousands of sessions that room is a fifth of all memory.
function trim(subscriber: object): void {
  const holder = subscriber as { _finalizers?: unknown[] | null } // private in RxJS; without it nothing is lost
  if (holder._finalizers && holder._finalizers.length <= 4) holder._finalizers = holder._finalizers.slice()
}

/** The Subscriber to subscribe to a source on behalf of `out`: it ends with `out`, or when it is unsubscribed. */
export function linked<T>(out: Subscriber<unknown>, link: Link<T>): Subscriber<T> {
  const inner = new SubscriberOfLink<T>(out, link)
  out.add(inner) // last, since one that has ended unsubscribes it at once
  return inner
}

/** Makes a producer: the only place that calls `new Observable`. */
export function produce<T>(connect: (out: Subscriber<T>) => TeardownLogic): Observable<T> {
  return new Observable<T>(connect)
}

/** Makes an operator from what connects a source to the Subscriber below it. */
export function operate<T, R>(
  connect: (source$: Observable<T>, out: Subscriber<R>) => TeardownLogic,
): OperatorFunction<T, R> {
  return (source$) => produce((out) => connect(source$, out))
}
