import { durationText, roughDurationText } from './durations.js'
import { windOf } from './geometry.js'
import type { Place } from './report.js'
import type { Texts } from './texts.js'

/** After this silence, in milliseconds, a vehicle counts as silent: many report once a minute. */
export const silentAfterMs = 120_000
/** Below this speed, in km/h, it stands. */
const standing = 1
const dayMs = 86_400_000

export function speedText(speed: number | null, texts: Texts): string {
  if (speed === null) return texts.unknown
  return speed < standing ? texts.stopped : `${Math.round(speed)} ${texts.speedUnit}`
}

export function headingText(heading: number | null, texts: Texts): string {
  return heading === null
    ? texts.unknown
    : `${texts.winds[windOf(heading)] ?? ''} ${Math.round(heading) % 360}°`
}

/** `20.65247° N, 100.39142° W`: five decimals are a metre, and a point is what maps understand when it is pasted. */
export function placeText({ latitude, longitude }: Place, texts: Texts): string {
  const [north, south, east, west] = texts.sides
  const part = (degrees: number, side: string) => `${Math.abs(degrees).toFixed(5)}° ${side}`
  return `${part(latitude, latitude < 0 ? south : north)}, ${part(longitude, longitude < 0 ? west : east)}`
}

/** When it was last heard, seen from now: counting the seconds, since that is what changes. */
export function heardText(heardAt: number | null, now: number, texts: Texts): string {
  if (heardAt === null) return texts.unknown
  return now - heardAt < 2_000 ? texts.now : texts.ago(durationText(now - heardAt))
}

/** What a screen reader is told when a vehicle falls silent, which mustn't change each second. */
export function silenceText(heardAt: number, now: number, texts: Texts): string {
  return `${texts.silent}, ${texts.ago(roughDurationText(now - heardAt))}`
}

/** The time of day; with the day, where it isn't today's. */
export function clockText(instant: number, now: number, language: string): string {
  const isNear = Math.abs(instant - now) < dayMs && new Date(instant).getDate() === new Date(now).getDate()
  return new Intl.DateTimeFormat(language, {
    ...(isNear ? {} : { weekday: 'short', day: 'numeric', month: 'short' }),
    hour: 'numeric',
    minute: '2-digit',
  }).format(instant)
}

/**
 * Where to open a place in another app: `geo:` where the phone asks which (RFC 5870), Apple's map links on its phones,
 * which don't know it, and a map on the web elsewhere. Nothing is asked for until the link is followed.
 */
export function mapsLink({ latitude, longitude }: Place, userAgent: string): string {
  const at = `${latitude.toFixed(6)},${longitude.toFixed(6)}`
  if (/Android/i.test(userAgent)) return `geo:${at}?q=${at}`
  if (/iPhone|iPad|iPod/i.test(userAgent)) return `https://maps.apple.com/?ll=${at}&q=${at}`
  const [mlat = '', mlon = ''] = at.split(',')
  return `https://www.openstreetmap.org/?mlat=${mlat}&mlon=${mlon}#map=17/${mlat}/${mlon}`
}
