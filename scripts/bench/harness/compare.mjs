// The comparison: every scenario, every contestant, contestants in turn within each run.
import { fitted, scenarios, smoked } from './scenarios.mjs'
import { measure } from './measure.mjs'
import { medians } from './statistics.mjs'
import { figureTable, noteLines, significant } from './table.mjs'
import { ratioTable, ratios } from './ratios.mjs'
import { barPlot } from './plot.mjs'

export async function compare(available, options, machine, say) {
  const compared = []
  for (const name of options.scenarios) {
    const scenario = fitted(options.smoke ? smoked(scenarios[name]) : scenarios[name], machine.descriptors)
    say(`\n${name} ${options.smoke ? `(small) ${scenario.title.replace(/:.*/, '')}` : scenario.title}`)
    const runsOf = new Map(available.map((contestant) => [contestant.name, []]))
    for (let run = 0; run < options.runs; run++)
      for (const contestant of inTurn(available, run))
        runsOf.get(contestant.name)[run] = await attempt(contestant, scenario, options)
    const entry = summary(name, scenario, runsOf)
    compared.push(entry)
    say(
      [figureTable(entry.contestants), noteLines(entry.contestants), ratioTable(entry.ratios)]
        .filter(Boolean)
        .join('\n'),
    )
  }
  return compared
}

// Who is first changes from run to run, so that nobody always follows the same one.
const inTurn = (list, run) => list.map((_, index) => list[(index + run) % list.length])

async function attempt(contestant, scenario, options) {
  try {
    const results = await measure(contestant, scenario, options)
    process.stderr.write('.')
    return results
  } catch (error) {
    process.stderr.write('!')
    return { failed: error.message, notes: [`did not get through: ${error.message.replace(/\s+/g, ' ')}`] }
  }
}

function summary(name, scenario, runsOf) {
  const succeeded = new Map(
    [...runsOf].map(([contestant, runs]) => [contestant, runs.map((run) => (run.failed ? undefined : run))]),
  )
  return {
    name,
    scenario,
    contestants: [...runsOf].map(([contestant, runs]) => {
      const good = succeeded.get(contestant).filter(Boolean)
      return {
        name: contestant,
        figures: good.length > 0 ? medians(good) : undefined,
        notes: [...new Set(runs.flatMap((run) => run.notes))],
        runs,
      }
    }),
    ratios: ratios(succeeded),
  }
}

export function comparisonPlot(compared) {
  const groups = compared.map(({ name, scenario, contestants }) => {
    const figure = { idle: 'kilobytesPerSession', storm: 'streamingSeconds' }[scenario.kind] ?? 'cpuMicros'
    const unit =
      { idle: 'kB a session', storm: 's until all stream' }[scenario.kind] ?? 'µs of CPU a delivery'
    const bars = contestants
      .filter(({ figures }) => figures?.[figure] > 0)
      .map((contestant) => ({
        name: contestant.name,
        value: contestant.figures[figure],
        label: significant(contestant.figures[figure]),
      }))
    return { title: `${name} ${scenario.title} (${unit})`, bars }
  })
  return barPlot(groups.filter(({ bars }) => bars.length > 0))
}
