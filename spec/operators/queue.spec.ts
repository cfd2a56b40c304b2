import { expect } from 'chai'
import { map, take } from 'rxjs'
import { queue, type Waiter } from '../../lib/operators/queue.js'
import { nextOf } from '../support/nextOf.js'

function queued() {
  const waiters: Waiter[] = []
  return {
    queue$: queue((waiter) => waiters.push(waiter)),
    releaseAll() {
      for (const waiter of waiters.splice(0)) waiter.release()
    },
  }
}

describe('queue', () => {
  it('takes a note of who enqueues itself, as it is', () => {
    const { queue$, releaseAll } = queued()
    let released = 0
    queue$.enqueue({ release: () => released++ })
    expect(released).to.equal(0)
    releaseAll()
    releaseAll()
    expect(released).to.equal(1)
  })

  it('is an Observable to everybody else, which emits once and stays open', async () => {
    const { queue$, releaseAll } = queued()
    const heard: string[] = []
    const hear = (name: string) => ({
      next: () => heard.push(name),
      error: expect.fail,
      complete: () => heard.push(`${name} is over`),
    })
    queue$.subscribe(hear('one'))
    queue$
      .pipe(
        map(() => 'x'),
        take(1),
      )
      .subscribe(hear('two'))
    queue$.subscribe(hear('three')).unsubscribe()
    const first = nextOf(queue$)
    releaseAll()
    releaseAll()
    expect(heard).to.deep.equal(['one', 'two', 'two is over'])
    await first
  })
})
