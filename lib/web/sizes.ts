import type { Observable } from 'rxjs'
import { produce } from '../operators/link.js'

/** Emits when an element's size changes. */
export function sizes(element: HTMLElement): Observable<unknown> {
  return produce((out) => {
    const observer = new ResizeObserver(() => out.next(undefined))
    observer.observe(element)
    return () => observer.disconnect()
  })
}
