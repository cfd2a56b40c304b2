// SVG, drawn by hand: a plot with lines on logarithmic axes across, and bars for a table of figures.
const colours = [
  '#0a6cbf',
  '#d1495b',
  '#3a7d44',
  '#b07d12',
  '#6b4fa0',
  '#4a6670',
  '#c2571a',
  '#8c3a6b',
  '#5a5a5a',
  '#1c8b8b',
]
const escaped = (text) => String(text).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)

const text = (x, y, content, attributes = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`
const line = (x1, y1, x2, y2, attributes) =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${attributes}/>`

function document(width, height, content) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...content,
    '</svg>\n',
  ].join('\n')
}

function niceStep(largest) {
  const rough = largest / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 5, 10].find((factor) => factor * power >= rough) * power
}

function panel({ title, across, series }, left, width, height, colourOf) {
  const [top, bottom, right] = [50, height - 50, left + width - 20]
  const points = series.flatMap((entry) => entry.points)
  const largest = Math.max(...points.map(([, y]) => y)) * 1.1
  const [first, last] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x))]
  const place = (x) => left + 50 + (Math.log(x / first) / (Math.log(last / first) || 1)) * (right - left - 50)
  const level = (y) => bottom - (y / largest) * (bottom - top)
  const content = [
    text(left + 50, 28, title, 'font-weight="bold"'),
    text((left + 50 + right) / 2, height - 12, across, 'text-anchor="middle"'),
  ]
  const step = niceStep(largest)
  for (let y = 0; y <= largest; y += step) {
    content.push(line(left + 50, level(y), right, level(y), 'stroke="#ddd"'))
    content.push(text(left + 44, level(y) + 4, Number(y.toPrecision(6)), 'text-anchor="end"'))
  }
  for (const x of new Set(points.map(([value]) => value)))
    content.push(text(place(x), bottom + 18, x.toLocaleString('en'), 'text-anchor="middle"'))
  for (const { name, points: own } of series) {
    const path = own.map(([x, y]) => `${place(x).toFixed(1)},${level(y).toFixed(1)}`).join(' ')
    content.push(`<polyline points="${path}" fill="none" stroke="${colourOf(name)}" stroke-width="2"/>`)
    for (const [x, y] of own)
      content.push(
        `<circle cx="${place(x).toFixed(1)}" cy="${level(y).toFixed(1)}" r="3" fill="${colourOf(name)}"/>`,
      )
  }
  return content
}

/** Panels side by side, one colour a series, x logarithmic and y from zero. */
export function linePlot(panels) {
  const [width, height] = [400, 320]
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))]
  const colourOf = (name) => colours[names.indexOf(name) % colours.length]
  const content = panels.flatMap((entry, index) => panel(entry, index * width, width, height, colourOf))
  names.forEach((name, index) => {
    content.push(
      `<rect x="${50 + index * 130}" y="${height + 2}" width="10" height="10" fill="${colourOf(name)}"/>`,
    )
    content.push(text(64 + index * 130, height + 11, name))
  })
  return document(Math.max(width * panels.length, 60 + names.length * 130), height + 24, content)
}

/** One group of bars a scenario: what a delivery (or a session) costs each contestant. */
export function barPlot(groups) {
  const content = []
  const [left, width, bar] = [150, 700, 16]
  let y = 20
  for (const { title, bars } of groups) {
    content.push(text(10, y, title, 'font-weight="bold"'))
    y += 8
    const largest = Math.max(...bars.map(({ value }) => value))
    for (const { name, value, label } of bars) {
      const length = (value / largest) * (width - left - 100)
      const fill = name.startsWith('afluente') ? colours[0] : '#a9b4bd'
      content.push(text(left - 6, y + 12, name, 'text-anchor="end"'))
      content.push(
        `<rect x="${left}" y="${y + 2}" width="${length.toFixed(1)}" height="${bar - 4}" fill="${fill}"/>`,
      )
      content.push(text(left + length + 6, y + 12, label))
      y += bar
    }
    y += 24
  }
  return document(width, y, content)
}
