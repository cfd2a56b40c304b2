const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** A duration in its two largest units, which are written alike in Spanish and English: `4 min 05 s`, `2 h 05 min`. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / second)) * second
  const count = (unit: number, within: number) => Math.floor((whole % within) / unit)
  const padded = (number: number) => String(number).padStart(2, '0')
  if (whole < minute) return `${whole / second} s`
  if (whole < hour) return `${count(minute, hour)} min ${padded(count(second, minute))} s`
  if (whole < day) return `${count(hour, day)} h ${padded(count(minute, hour))} min`
  return `${Math.floor(whole / day)} d ${count(hour, day)} h`
}

/** The same in its largest unit alone, for what need not be exact. */
export function roughDurationText(ms: number): string {
  const [largest = '', unit = ''] = durationText(ms).split(' ')
  return `${largest} ${unit}`
}
