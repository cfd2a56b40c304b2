import type { Screen } from './shareState.js'

/** A screen in words. */
export interface ScreenText {
  readonly title: string
  readonly text: string
}

/** All that the page says, in one language. */
export interface Texts {
  readonly pageTitle: string
  readonly screens: Readonly<Record<Screen, ScreenText>>
  readonly offline: ScreenText
  readonly live: string
  readonly silent: string
  readonly stopped: string
  readonly lastPlace: string
  readonly speed: string
  readonly speedUnit: string
  readonly heading: string
  readonly heard: string
  readonly ends: string
  readonly endsBriefly: string
  readonly coordinates: string
  readonly vehicles: string
  readonly openInMaps: string
  readonly follow: string
  readonly overview: string
  readonly closeUp: string
  readonly tryNow: string
  readonly reload: string
  readonly map: string
  readonly zoomIn: string
  readonly zoomOut: string
  readonly now: string
  readonly unknown: string
  readonly ago: (duration: string) => string
  readonly in: (duration: string) => string
  readonly at: (time: string) => string
  readonly begins: (time: string) => string
  readonly retriesIn: (duration: string) => string
  /** The eight winds, from north clockwise. */
  readonly winds: readonly string[]
  /** North, south, east, west, as they follow a coordinate. */
  readonly sides: readonly [north: string, south: string, east: string, west: string]
}
