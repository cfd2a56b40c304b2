import type { Observable } from 'rxjs'
import { produce } from '../operators/link.js'

/** What a WebSocket tells; `closed` is the last. */
export type SocketNews =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly text: string }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string }

const path = '/api/v1/public/share-location/stream?snapshot=true'

/**
 * Opens the stream of a share. The token travels as a sub-protocol, since a browser's WebSocket sets no headers and an
 * address ends up in logs. At each value of `probes$` it says something, which a service need not answer.
 */
export function shareSocket(token: string, probes$: Observable<unknown>): Observable<SocketNews> {
  return produce((out) => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${path}`, ['bearer', token])
    socket.onopen = () => out.next({ type: 'opened' })
    socket.onmessage = ({ data }) => out.next({ type: 'frame', text: String(data) })
    socket.onclose = ({ code, reason }) => {
      out.next({ type: 'closed', code, reason })
      out.complete()
    }
    out.add(
      probes$.subscribe({
        next: () => {
          if (socket.readyState === WebSocket.OPEN) socket.send('{"action":"ping"}')
        },
        error: () => undefined, // nothing more is said; the stream lives on
      }),
    )
    return () => {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close(1000)
    }
  })
}
