/**
 * Lets one run go on at a time. Who asks meanwhile shares the next one, which begins after all of them asked: nobody is
 * answered with what was read before the question.
 */
export function oneAtATime<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined

  function begin(): Promise<T> {
    next = undefined
    const begun = run()
    running = begun.catch(() => undefined)
    return begun
  }

  return () => (next ??= running.then(begin))
}
