import type { Subscriber } from 'rxjs'
import { LinkedSubscriber } from './link.js'

/** Who waits for a release. */
export interface Releasable {
  /** The release came. */
  letGo(): unknown
  /** No release came, and this one won't. */
  notReleased(): void
}

/** What lets an inbox go: subscribed to a release. */
export class Release extends LinkedSubscriber<unknown> {
  readonly #inbox: Releasable

  constructor(out: Subscriber<unknown>, inbox: Releasable) {
    super(out)
    this.#inbox = inbox
  }

  protected override onNext(): void {
    this.#inbox.letGo()
  }

  protected override _complete(): void {
    this.guard(() => this.#inbox.notReleased())
  }
}
