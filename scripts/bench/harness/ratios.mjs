// afluente's figures over each peer's, run by run.
import { medianRatio } from './statistics.mjs'
import { alignedTable } from './table.mjs'

const compared = [
  ['µs/delivery', 'cpuMicros'],
  ['p50', 'p50'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
  ['deliveries/s', 'deliveriesPerSecond'],
  ['kB/session', 'kilobytesPerSession'],
  ['ready', 'readySeconds'],
  ['all stream', 'streamingSeconds'],
  ['again', 'againSeconds'],
]

/** Per peer and figure, the median of the runs' ratios; `resultsOf` maps a contestant to its runs. */
export function ratios(resultsOf) {
  const mine = resultsOf.get('afluente')
  if (!mine?.some(Boolean)) return []
  return [...resultsOf]
    .filter(([name]) => name !== 'afluente')
    .map(([name, theirs]) => ({
      peer: name,
      ...Object.fromEntries(compared.map(([, figure]) => [figure, medianRatio(mine, theirs, figure)])),
    }))
}

export function ratioTable(rows) {
  const shown = compared.filter(([, figure]) => rows.some((row) => row[figure] !== undefined))
  if (shown.length === 0) return ''
  const head = ['afluente /', ...shown.map(([title]) => title)]
  return alignedTable([
    head,
    ...rows.map((row) => [row.peer, ...shown.map(([, figure]) => row[figure]?.toFixed(2) ?? '')]),
  ])
}
