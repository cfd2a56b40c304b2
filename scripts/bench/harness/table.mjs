// Tables of text, for people.
const columns = [
  ['deliveries/s', (row) => whole(row.deliveriesPerSecond)],
  ['µs/delivery', (row) => significant(row.cpuMicros)],
  ['broker µs', (row) => significant(row.brokerMicros)],
  ['cores', (row) => fixed(row.cores, 2)],
  ['p50 ms', (row) => significant(row.p50)],
  ['p99 ms', (row) => significant(row.p99)],
  ['p99.9 ms', (row) => significant(row.p999)],
  ['sessions', (row) => whole(row.sessions)],
  ['kB/session', (row) => fixed(row.kilobytesPerSession, 1)],
  ['ready s', (row) => fixed(row.readySeconds, 2)],
  ['all stream s', (row) => fixed(row.streamingSeconds, 2)],
  ['again s', (row) => fixed(row.againSeconds, 2)],
  ['delivered', (row) => whole(row.delivered)],
  ['lost', (row) => whole(row.lost)],
]

const isMissing = (value) => value === undefined || !Number.isFinite(value)
const whole = (value) => (isMissing(value) ? '' : Math.round(value).toLocaleString('en'))
const fixed = (value, digits) => (isMissing(value) ? '' : value.toFixed(digits))
export const significant = (value) =>
  isMissing(value) ? '' : value >= 100 ? whole(value) : Number(value.toPrecision(3)).toString()

export function alignedTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[0])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** One scenario's figures, only the columns that somebody has. */
export function figureTable(entries) {
  const shown = columns.filter(([, cell]) => entries.some(({ figures }) => figures && cell(figures) !== ''))
  const head = ['', ...shown.map(([name]) => name)]
  const rows = entries.map(({ name, figures }) => [
    name,
    ...shown.map(([, cell]) => (figures ? cell(figures) : '–')),
  ])
  return alignedTable([head, ...rows])
}

export function noteLines(entries) {
  return entries.flatMap(({ name, notes }) => notes.map((note) => `  ${name}: ${note}`)).join('\n')
}
