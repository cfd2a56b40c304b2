import { distanceBetween } from './geometry.js'
import type { Place } from './report.js'

/** Where a vehicle came from, the oldest first, in pieces: between two of them nothing is known. */
export type Trail = readonly (readonly Place[])[]

export interface TrailOptions {
  /** Nearer than this, in metres, a place says nothing new: a parked receiver wanders. */
  readonly least?: number
  /** Farther than this, in metres, the way between is unknown and not drawn. */
  readonly most?: number
  /** How many places are kept. */
  readonly length?: number
}

/** Adds a place at the end; with `afterGap`, as the beginning of a new piece. */
export function extended(
  trail: Trail,
  place: Place,
  afterGap: boolean,
  { least = 4, most = 5_000, length = 240 }: TrailOptions = {},
): Trail {
  const piece = trail.at(-1)
  const last = piece?.at(-1)
  if (piece === undefined || last === undefined) return [[place]]
  const distance = distanceBetween(last, place)
  if (distance < least) return trail
  const longer: Trail =
    afterGap || distance > most ? [...trail, [place]] : [...trail.slice(0, -1), [...piece, place]]
  return shortened(longer, length)
}

/** The trail cut into what is drawn faintly, more clearly and fully: its oldest, middle and newest third. */
export function faded(trail: Trail): [faint: Place[][], clear: Place[][], full: Place[][]] {
  const total = trail.reduce((sum, piece) => sum + piece.length, 0)
  const bands: [Place[][], Place[][], Place[][]] = [[], [], []]
  let index = 0
  for (const piece of trail) {
    let previous: Place | undefined
    let before = -1
    for (const place of piece) {
      const band = Math.min(2, Math.floor((3 * index++) / total))
      const lines = bands[band] ?? []
      // Where the band changes, the line goes on from where the other ended.
      if (band !== before) lines.push(previous === undefined ? [place] : [previous, place])
      else lines.at(-1)?.push(place)
      before = band
      previous = place
    }
  }
  return bands
}

function shortened(trail: Trail, length: number): Trail {
  let surplus = trail.reduce((sum, piece) => sum + piece.length, 0) - length
  if (surplus <= 0) return trail
  const kept: (readonly Place[])[] = []
  for (const piece of trail) {
    if (surplus < piece.length) kept.push(surplus > 0 ? piece.slice(surplus) : piece)
    surplus -= piece.length
  }
  return kept
}
