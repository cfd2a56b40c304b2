/** How much is kept, and how often it is written. */
export interface LmdbLastKnownOptions {
  /** Devices kept at most; beyond, those go first that have not reported for longest, approximately (CLOCK). */
  readonly maxDevices: number
  /** Older messages are unknown and go, in milliseconds since they arrived; 0 means no limit. */
  readonly maxAgeMs: number
  /**
   * Bytes of payloads that wait for the disk, at most. Default: a quarter of what the heap may grow to. Beyond, those
   * give way that have waited longest. Their devices are then unknown until they report anew, and what an earlier write
   * left of them is removed as soon as the disk takes that, so that nothing older is told in their place. Only where the
   * process ends before does the next one find it, as it finds what preceded any write that the disk refused.
   */
  readonly maxWaitingBytes?: number
  /**
   * The pause between two writes, in milliseconds: what a kill -9 may lose. Default 5,000: a device that reports once a
   * second is then written once for five messages, which is most of what keeping them costs.
   */
  readonly writeMs?: number
  /**
   * Whether other processes keep the same feed's messages in the same environment. What one of them has written is then
   * not written again by the others, and nothing older over it: whoever comes first writes, and where one is away,
   * another does.
   */
  readonly isShared?: boolean
}
