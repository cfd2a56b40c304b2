import { expect } from 'chai'
import { map, type Subscriber, take } from 'rxjs'
import { produce, queued } from '../../lib/operators/link.js'
import { nextOf } from '../support/nextOf.js'

function queue() {
  const notes: Subscriber<string>[] = []
  // Gives a number back, as one may who pushes: no teardown.
  const noted$ = queued<string>((out) => notes.push(out))
  return {
    noted$,
    tellAll: (value: string) => {
      for (const note of notes) note.next(value)
    },
  }
}

describe('queued', () => {
  it('notes a Subscriber as it is', () => {
    const { noted$, tellAll } = queue()
    const heard: string[] = []
    let inner: Subscriber<string> | undefined
    const subscription = produce<string>((out) => {
      inner = out
      expect(noted$.subscribe(out)).to.equal(out)
    }).subscribe({ next: (value) => heard.push(value), error: expect.fail })
    tellAll('a')
    subscription.unsubscribe()
    tellAll('b')
    expect(heard).to.deep.equal(['a'])
    expect(inner?.closed).to.equal(true)
  })

  it('is an Observable to everybody else', async () => {
    const { noted$, tellAll } = queue()
    const heard: string[] = []
    const subscription = noted$.subscribe({ next: (value) => heard.push(value), error: expect.fail })
    noted$
      .pipe(
        map((value) => value.toUpperCase()),
        take(1),
      )
      .subscribe({ next: (value) => heard.push(value), error: expect.fail })
    const first = nextOf(noted$)
    tellAll('a')
    tellAll('b')
    subscription.unsubscribe()
    tellAll('c')
    expect(heard).to.deep.equal(['a', 'A', 'b'])
    expect(await first).to.equal('a')
  })
})
