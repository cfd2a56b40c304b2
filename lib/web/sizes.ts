import { Observable } from 'rxjs'

/** Emits when an element's size changes. */
export function sizes(element: HTMLElement): Observable<unknown> {
  return new Observable((out) => {
    const observer = new ResizeObserver(() => out.next(undefined))
    observer.observe(element)
    return () => observer.disconnect()
  })
}
