const isoformat =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/

/** The last instant that the format has, in milliseconds since the epoch. */
export const lastInstant = Date.parse('9999-12-31T23:59:59.999Z')
const firstInstant = Date.parse('0001-01-01T00:00:00Z')

/**
 * Reads an instant as Python's `isoformat()` writes one: `2025-12-03T15:00:00.123456+00:00`, the fraction left out
 * when zero, the offset always there (or `Z`). Gives milliseconds since the epoch, the rest of the fraction cut off;
 * undefined for what is no such instant: a day that the month doesn't have, no offset, a number, a year that UTC lacks.
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
  const at = wall.getTime() - (match[8] === '-' ? -offsetMinutes : offsetMinutes) * 60_000
  return isWritable(at) ? at : undefined
}

/** Whether an instant lies in the years 1 to 9999 of UTC, which are all that the format has. */
function isWritable(atMs: number): boolean {
  return atMs >= firstInstant && atMs <= lastInstant
}

/**
 * Writes an instant, in milliseconds since the epoch, as Python's `isoformat()` does for UTC.
 *
 * @throws RangeError when it lies outside the years 1 to 9999.
 */
export function formatInstant(atMs: number): string {
  if (!isWritable(atMs)) throw new RangeError(`atMs is outside of the years 1 to 9999: ${atMs}`)
  return (
    new Date(atMs)
      .toISOString()
      .replace(/\.(\d{3})Z$/, (_, milliseconds: string) =>
        milliseconds === '000' ? '' : `.${milliseconds}000`,
      ) + '+00:00'
  )
}
