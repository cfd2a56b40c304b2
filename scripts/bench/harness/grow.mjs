// How cost grows: S1's CPU per delivery with more sessions, and with more devices a session.
import { measure } from './measure.mjs'
import { linePlot } from './plot.mjs'
import { fitted, scenarios, smoked } from './scenarios.mjs'
import { medians } from './statistics.mjs'
import { alignedTable, significant } from './table.mjs'

const axes = [
  {
    title: 'µs of CPU a delivery, 10 devices a session',
    across: 'sessions',
    figure: 'sessions',
    values: [10, 100, 1000, 9000],
  },
  {
    title: 'µs of CPU a delivery, 1,000 sessions',
    across: 'devices a session',
    figure: 'each',
    values: [1, 10, 100],
  },
]

export async function measureGrowth(available, options, machine, say) {
  say('\nHow cost grows: S1 with more sessions, and with more devices a session')
  const panels = []
  for (const axis of axes) {
    const series = available.map(({ name }) => ({ name, points: [], results: [] }))
    const whole = options.smoke ? smoked(scenarios.S1) : scenarios.S1
    for (const value of options.smoke ? axis.values.slice(0, 3) : axis.values) {
      const scenario = fitted(
        { ...whole, [axis.figure]: options.smoke ? Math.min(value, 1000) : value },
        machine.descriptors,
      )
      const results = available.map(() => [])
      for (let run = 0; run < options.runs; run++)
        for (const [index, contestant] of available.entries()) {
          results[index].push(await measure(contestant, scenario, options))
          process.stderr.write('.')
        }
      series.forEach((entry, index) => {
        const figures = medians(results[index])
        entry.points.push([scenario[axis.figure], figures.cpuMicros])
        entry.results.push({
          [axis.figure]: scenario[axis.figure],
          ...figures,
          notes: results[index].flatMap(({ notes }) => notes),
        })
      })
    }
    panels.push({ title: axis.title, across: axis.across, series })
    const head = [axis.across, ...series[0].points.map(([x]) => x.toLocaleString('en'))]
    say(
      `\n${axis.title}\n${alignedTable([head, ...series.map(({ name, points }) => [name, ...points.map(([, y]) => significant(y))])])}`,
    )
  }
  return panels
}

export const growthPlot = (panels) => linePlot(panels)
