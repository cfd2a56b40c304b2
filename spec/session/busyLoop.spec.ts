import { expect } from 'chai'
import { setTimeout as delay } from 'node:timers/promises'
import { busyLoop } from '../../lib/session/busyLoop.js'

function work(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describe('busyLoop', () => {
  it('tells whether the loop was at work since it last looked, and no longer than that', async () => {
    const isBusy = busyLoop()
    work(150)
    expect(isBusy()).to.equal(true)
    while (isBusy()) await delay(10)
    work(150)
    expect(isBusy()).to.equal(true)
  })
})
