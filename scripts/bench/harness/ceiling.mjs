// The ceiling: a scenario with the rate raised until a contestant no longer carries all with p99 under 100 ms.
import { measure } from './measure.mjs'
import { fitted, scenarios, smoked } from './scenarios.mjs'
import { alignedTable, significant } from './table.mjs'

const carries = (result, rate) => result.lost === 0 && result.p99 < 100 && result.inPerSecond >= rate * 0.98

export async function findCeilings(available, options, machine, say) {
  const name = options.scenarios.length === 1 ? options.scenarios[0] : 'S3'
  const full = scenarios[name]
  const scenario = fitted(options.smoke ? smoked(full) : full, machine.descriptors)
  const shape = { ...scenario, seconds: options.smoke ? 0.7 : Math.min(options.seconds, 5) }
  say(`\nThe ceiling: ${name} with the rate raised until not all is carried with p99 under 100 ms`)
  const ceilings = []
  for (const contestant of available) ceilings.push(await ceilingOf(contestant, shape, options))
  const head = ['', 'in/s', 'deliveries/s', 'cores', 'broker cores', 'µs/delivery', 'p99 ms']
  const rows = ceilings.map(({ name, best }) =>
    best
      ? [
          name,
          ...[best.inPerSecond, best.deliveriesPerSecond].map((value) =>
            Math.round(value).toLocaleString('en'),
          ),
        ].concat([best.cores, best.brokerCores, best.cpuMicros, best.p99].map(significant))
      : [name, '–', '–', '–', '–', '–', '–'],
  )
  say(alignedTable([head, ...rows]))
  say(ceilings.map(({ name, why }) => `  ${name}: ${why}`).join('\n'))
  return ceilings
}

async function ceilingOf(contestant, shape, options) {
  const tried = []
  const attempt = async (rate) => {
    let result
    try {
      result = await measure(contestant, { ...shape, rate }, options)
      process.stderr.write('.')
    } catch (error) {
      process.stderr.write('!')
      result = { notes: [error.message] }
    }
    tried.push({ rate, carried: carries(result, rate), ...result })
    return carries(result, rate)
  }
  let [low, high] = [0, 1000]
  while (high <= 512_000 && (await attempt(high))) [low, high] = [high, high * 2]
  // Three halvings place it within an eighth of what the last doubling added.
  for (let step = 0; step < (options.smoke ? 0 : 3); step++) {
    const middle = Math.round((low + high) / 2)
    if (await attempt(middle)) low = middle
    else high = middle
  }
  const best = tried.filter(({ carried }) => carried).sort((a, b) => b.rate - a.rate)[0]
  const failed = tried.filter(({ carried }) => !carried).sort((a, b) => a.rate - b.rate)[0]
  const why = failed
    ? `at ${failed.rate}/s in, p99 ${significant(failed.p99) || '–'} ms, lost ${failed.lost ?? '–'}${failed.notes.length > 0 ? `; ${failed.notes.join('; ')}` : ''}`
    : 'not reached'
  return { name: contestant.name, best, why, tried }
}
