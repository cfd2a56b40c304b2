// Measures afluente beside its peers: see --help and README.md here.
import { writeFileSync } from 'node:fs'
import { findCeilings } from './harness/ceiling.mjs'
import { compare, comparisonPlot } from './harness/compare.mjs'
import { compiledC } from './harness/compile.mjs'
import { growthPlot, measureGrowth } from './harness/grow.mjs'
import { describeMachine } from './harness/machine.mjs'
import { help, readOptions } from './harness/options.mjs'

const say = (text) => process.stdout.write(`${text}\n`)

// Before hours of measuring, and not after them.
function claim(option, file) {
  try {
    if (file) writeFileSync(file, '', { flag: 'a' }) // what stands there stays until there is more
  } catch (error) {
    throw new Error(`--${option}: expected a file that can be written: ${error.message}`)
  }
}

/** Those that can run here. What is missing is said, and so is what could not be built. */
function prepared(contestants) {
  const missing = []
  const available = contestants.filter((contestant) => {
    try {
      const reason = contestant.missing()
      if (!reason) contestant.prepare?.()
      if (reason) missing.push({ name: contestant.name, reason })
      return !reason
    } catch (error) {
      missing.push({ name: contestant.name, reason: `could not be built: ${error.message.slice(0, 500)}` })
      return false
    }
  })
  return { available, missing }
}

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return say(help)
  claim('json', options.json)
  claim('plot', options.plot)
  const machine = describeMachine()
  for (const source of ['loader/publisher.c', 'loader/subscriber.c']) compiledC(source)
  const { available, missing } = prepared(options.contestants)
  say(
    `${machine.cores} cores, ${machine.processor}, Node ${machine.node}, payload ${options.payload} bytes, runs ${options.runs}`,
  )
  if (available.length > 0) say(`here: ${available.map(({ name }) => name).join(', ')}`)
  for (const { name, reason } of missing) say(`missing: ${name}, ${reason}`)
  if (options.list || available.length === 0) return

  const results = {
    machine,
    options: { ...options, contestants: available.map(({ name }) => name) },
    missing,
  }
  let plot = ''
  if (options.ceiling) {
    results.ceilings = await findCeilings(available, options, machine, say)
  } else if (options.grow) {
    results.growth = await measureGrowth(available, options, machine, say)
    plot = growthPlot(results.growth)
  } else {
    results.scenarios = await compare(available, options, machine, say)
    plot = comparisonPlot(results.scenarios)
  }
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`)
  if (options.plot) writeFileSync(options.plot, plot)
  if (failures(results) > 0) process.exitCode = 1
}

// A smoke that could not measure somebody is a failed smoke; a real run says so in its tables and goes on.
function failures({ options, scenarios = [] }) {
  if (!options.smoke) return 0
  return scenarios.flatMap(({ contestants }) => contestants).filter(({ figures }) => !figures).length
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
