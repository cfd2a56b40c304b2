import { filter, firstValueFrom, type Observable } from 'rxjs'

/** Resolves to the next value that is wanted; rejects when there is none any more. */
export function nextOf<T>(values$: Observable<T>, isWanted: (value: T) => boolean = () => true): Promise<T> {
  // eslint-disable-next-line rxjs-x/no-ignored-default-value -- a stream that ends early is a spec that fails
  return firstValueFrom(values$.pipe(filter(isWanted)))
}
