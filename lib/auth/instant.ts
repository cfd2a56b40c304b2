const isoformat =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/
const firstMs = -62_135_596_800_000 // the year 1
const lastMs = Date.UTC(10_000, 0) - 1

/** Whether `formatInstant` can write an instant, in milliseconds since the epoch. */
export function isWritableInstant(atMs: number): boolean {
  return atMs >= firstMs && atMs <= lastMs
}

/**
 * Reads an instant as Python's `isoformat()` writes one: `2025-12-03T15:00:00.123456+00:00`, the fraction left out
 * when zero, the offset always there (or `Z`). Gives milliseconds since the epoch, the rest of the fraction cut off;
 * undefined for what is no such instant: a day that the month doesn't have, no offset, a number, or one that
 * `formatInstant` couldn't write, since the offset takes it out of the years 1 to 9999.
 */
export function parseInstant(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined
  const match = isoformat.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  // Date moves 30 February to March, and reads the years 0 to 99 as 1900 to 1999; neither may pass.
  const wall = new Date(0)
  wall.setUTCFullYear(year, month - 1, day)
  if (year === 0 || wall.getUTCMonth() !== month - 1 || wall.getUTCDate() !== day) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  wall.setUTCHours(hour, minute, second, Number((match[7] ?? '').padEnd(3, '0').slice(0, 3)))
  const offsetMinutes = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)
  const atMs = wall.getTime() - (match[8] === '-' ? -offsetMinutes : offsetMinutes) * 60_000
  return isWritableInstant(atMs) ? atMs : undefined
}

/**
 * Writes an instant, in milliseconds since the epoch, as Python's `isoformat()` does for UTC.
 *
 * @throws RangeError when it lies outside the years 1 to 9999.
 */
export function formatInstant(atMs: number): string {
  if (!isWritableInstant(atMs)) throw new RangeError(`atMs is not in the years 1 to 9999: ${atMs}`)
  return (
    new Date(atMs)
      .toISOString()
      .replace(/\.(\d{3})Z$/, (_, milliseconds: string) =>
        milliseconds === '000' ? '' : `.${milliseconds}000`,
      ) + '+00:00'
  )
}
