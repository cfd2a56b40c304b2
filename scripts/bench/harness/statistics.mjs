export function median(numbers) {
  const known = numbers.filter((number) => Number.isFinite(number)).sort((a, b) => a - b)
  if (known.length === 0) return undefined
  const middle = Math.floor(known.length / 2)
  return known.length % 2 ? known[middle] : (known[middle - 1] + known[middle]) / 2
}

/** Per figure, the median over the runs that gave one. */
export function medians(results) {
  const names = new Set(results.flatMap((result) => Object.keys(result)))
  const figures = {}
  for (const name of names) {
    const value = median(results.map((result) => result[name]))
    if (value !== undefined) figures[name] = value
  }
  return figures
}

/** The median of the runs' own ratios, so that what slowed a whole run down cancels out. */
export function medianRatio(mine, theirs, figure) {
  const pairs = mine.map((result, index) => result?.[figure] / theirs[index]?.[figure])
  return median(pairs)
}
