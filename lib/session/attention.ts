/** What is known of a peer's life: when it was heard, when it was last asked, and how much it says. Instants in ms. */
export class Attention {
  #heardAt = performance.now()
  #pingedAt = 0
  #framesInSecond = 0

  /** Something came; a frame counts towards the second's, a pong doesn't. */
  heard(isFrame: boolean): void {
    const now = performance.now()
    const isSameSecond = Math.floor(now / 1000) === Math.floor(this.#heardAt / 1000)
    this.#heardAt = now
    this.#framesInSecond = (isSameSecond ? this.#framesInSecond : 0) + (isFrame ? 1 : 0)
  }

  /** A ping was sent. */
  pinged(): void {
    this.#pingedAt = performance.now()
  }

  /** Whether it said more than `maxFramesPerSecond` in this second; 0 means no limit. */
  isFlooded(maxFramesPerSecond: number): boolean {
    return maxFramesPerSecond > 0 && this.#framesInSecond > maxFramesPerSecond
  }

  /**
   * Whether the last ping was not answered, nor anything heard, for two periods; a little less, since ticks vary. Where
   * this process was frozen the ticks of two periods may come at once: the ping must have had time to be answered.
   */
  isSilent(keepAliveMs: number): boolean {
    const now = performance.now()
    const isOwed = this.#heardAt < this.#pingedAt && now - this.#pingedAt > 0.5 * keepAliveMs
    return isOwed && now - this.#heardAt > 1.5 * keepAliveMs
  }
}
