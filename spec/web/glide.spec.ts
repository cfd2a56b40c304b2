import { expect } from 'chai'
import { map } from 'rxjs'
import { glide, glideMs, type Pose, poseBetween } from '../../lib/web/glide.js'
import { marbles } from '../support/marbles.js'

const pose = (latitude: number, heading: number | null = null): Pose => ({
  place: { latitude, longitude: 0 },
  heading,
})
const poses = { a: pose(0), b: pose(0.004), c: pose(0.008), z: pose(50) }

describe('glide', () => {
  const latitudes = (isStill: boolean, source: string, frames: string, expected: string, values: object) =>
    marbles(({ animate, hot, expectObservable }, scheduler) => {
      animate(frames)
      const gliding$ = glide(hot(source, poses), { isStill: () => isStill, now: () => scheduler.now() })
      expectObservable(gliding$.pipe(map(({ place }) => Number(place.latitude.toFixed(3))))).toBe(
        expected,
        values,
      )
    })

  it('goes to each pose in the time between the last two, frame by frame, and ends on it', () => {
    latitudes(
      false,
      'a 199ms b 399ms |',
      '250ms x 49ms x 49ms x 49ms x',
      'a 249ms x 49ms y 49ms z 49ms b 199ms |',
      {
        a: 0,
        x: 0.001,
        y: 0.002,
        z: 0.003,
        b: 0.004,
      },
    )
  })

  it('goes on from where it is when the next pose comes before it is there', () => {
    const frames = '250ms x 49ms x 49ms x 199ms x'
    latitudes(false, 'a 199ms b 99ms c 199ms |', frames, 'a 249ms x 49ms y 49ms z 199ms (c|)', {
      a: 0,
      x: 0.001,
      y: 0.002,
      z: 0.004,
      c: 0.008,
    })
  })

  it('jumps where less motion is asked for, and over ways that it does not know', () => {
    latitudes(true, 'a 199ms b 99ms |', '250ms x', 'a 199ms b 99ms |', { a: 0, b: 0.004 })
    latitudes(false, 'a 199ms z 99ms |', '250ms x', 'a 199ms z 99ms |', { a: 0, z: 50 })
  })
})

describe('glideMs', () => {
  it('is about as long as the vehicle took, within what the eye likes', () => {
    expect([20, 1_000, 30_000].map(glideMs)).to.deep.equal([150, 1_000, 1_500])
  })
})

describe('poseBetween', () => {
  it('turns the short way round, and before it is there', () => {
    expect(poseBetween(pose(0, 350), pose(1, 10), 0.25)).to.deep.equal(pose(0.25, 0))
    expect(poseBetween(pose(0, 350), pose(1, 10), 0.5)).to.deep.equal(pose(0.5, 10))
    expect(poseBetween(pose(0, null), pose(1, 10), 0.5)).to.deep.equal(pose(0.5, 10))
    expect(poseBetween(pose(0, 5), pose(1, null), 0.5)).to.deep.equal(pose(0.5, null))
  })
})
