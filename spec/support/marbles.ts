import { expect } from 'chai'
import { TestScheduler } from 'rxjs/testing'

type RunHelpers = Parameters<Parameters<TestScheduler['run']>[0]>[0]

/** Runs marbles in virtual time; what differs is shown frame by frame. */
export function marbles(body: (helpers: RunHelpers, scheduler: TestScheduler) => void): void {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(actual).to.deep.equal(expected)
  })
  scheduler.run((helpers) => body(helpers, scheduler))
}
