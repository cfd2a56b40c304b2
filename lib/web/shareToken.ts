// What may stand in a Sec-WebSocket-Protocol header (RFC 9110, 5.6.2), and no longer than the service reads.
const sendable = /^[\w!#$%&'*+.^`|~-]{1,2048}$/

/**
 * The token of a share link: its fragment, which browsers send to nobody.
 *
 * @returns Null where there is none, or where it can't be one.
 */
export function shareTokenOf(hash: string): string | null {
  try {
    const token = decodeURIComponent(hash.replace(/^#/, '')).trim()
    return sendable.test(token) ? token : null
  } catch {
    return null // a stray percent sign
  }
}
