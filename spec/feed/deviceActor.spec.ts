import { expect } from 'chai'
import { DeviceActor } from '../../lib/feed/deviceActor.js'
import { type Body, Envelope } from '../../lib/feed/envelope.js'
import { produce } from '../../lib/operators/link.js'

describe('DeviceActor', () => {
  it('shows every watcher the parsed body, and retains it no longer than that', () => {
    const body = { data: { DEVICE_ID: 'A' } }
    const seen: Body[] = []
    const actor = new DeviceActor('A', 0, 0)
    const watched$ = produce<Envelope>((watcher) => actor.add(watcher))
    const watching = [1, 2].map(() =>
      watched$.subscribe({ next: (envelope) => seen.push(envelope.body), error: expect.fail }),
    )
    const envelope = new Envelope('A', JSON.stringify(body), 1, body)
    expect(actor.route(envelope)).to.equal(2)
    expect(seen).to.have.length(2)
    for (const one of seen) expect(one).to.equal(body)
    expect(envelope.body).to.not.equal(body)
    for (const subscription of watching) subscription.unsubscribe()
  })
})
