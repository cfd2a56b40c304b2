import { createHash } from 'node:crypto'
import { viewers } from '../shares/viewers.js'

/** Limits how many sessions one token may have open. */
export interface TokenPlaces {
  /** Takes a place, and gives what frees it again; undefined where all of the token's places are taken. */
  take: (token: string) => (() => void) | undefined
}

/** Counts places by a digest, so that no token is kept. @param max Places of one token; 0 means no limit. */
export function tokenPlaces(max: number): TokenPlaces {
  const places = viewers()
  return {
    take(token) {
      if (max === 0) return () => undefined
      return places.admit(createHash('sha256').update(token).digest('base64'), max)
    },
  }
}
