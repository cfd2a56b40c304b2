// The command line.
import { parseArgs } from 'node:util'
import { contestants } from '../contestants/all.mjs'
import { scenarios } from './scenarios.mjs'

const usual = contestants.filter(({ optional }) => !optional).map(({ name }) => name)
const unusual = contestants.filter(({ optional }) => optional).map(({ name }) => name)

export const help = `Measures afluente beside its peers, on this machine, over 127.0.0.1 alone.

  node scripts/bench/bench.mjs [options]          (npm run bench builds first; options follow --)

  --smoke              every scenario and contestant, small and short, in about two minutes: shows that it all runs,
                       and says nothing of speed
  --scenarios S1,S3    ${Object.keys(scenarios).join(', ')} (default: all)
  --contestants a,b    ${contestants.map(({ name }) => name).join(', ')}
                       (default: all but ${unusual.join(' and ')})
  --runs N             runs of each, contestants in turn; medians are shown (default 1; publish with 5)
  --seconds N          measured in each run, after a warm-up of 3 or 10 (default 10)
  --payload BYTES      of a device message: 350 (default), 600, 4000, or any other from 300
  --seed N             which device reports when and who watches it (default 1)
  --json FILE          all results, of every run
  --plot FILE.svg      a picture of them
  --ceiling            S3, or the one scenario named, with the rate raised until a contestant no longer carries all with
                       p99 under 100 ms
  --grow               how cost grows: S1 with 10, 100, 1,000, 9,000 sessions and with 1, 10, 100 devices a session
                       (afluente alone unless --contestants says otherwise; with --plot, the README's plot)
  --profile FOLDER     afluente leaves a CPU profile there at the end of each run (its figures are then no measure)
  --list               what is available here, and what is missing
  --help               this

A whole run (8 scenarios, 9 contestants) takes about 25 minutes, five of them two hours; the machine should do nothing
else. Needs a C compiler; Mosquitto for the feed; the other contestants where they are installed.
`

const number = (text, name, least, most) => {
  const value = Number(text)
  if (!(value >= least && value <= most))
    throw new Error(`--${name} is a number from ${least} to ${most}, not ${text}`)
  return value
}

const whole = (text, name, least, most) => {
  if (!Number.isInteger(Number(text))) throw new Error(`--${name} is a whole number, not ${text}`)
  return number(text, name, least, most)
}

const chosen = (text, known, name) =>
  text.split(',').map((part) => {
    const found = known.find((candidate) => candidate.toLowerCase() === part.trim().toLowerCase())
    if (!found) throw new Error(`--${name}: '${part}' is none of ${known.join(', ')}`)
    return found
  })

export function readOptions(argv) {
  const text = { type: 'string' }
  const flag = { type: 'boolean', default: false }
  const { values } = parseArgs({
    args: argv,
    options: {
      smoke: flag,
      scenarios: text,
      contestants: text,
      runs: { ...text, default: '1' },
      seconds: { ...text, default: '10' },
      payload: { ...text, default: '350' },
      seed: { ...text, default: '1' },
      json: text,
      plot: text,
      profile: text,
      ceiling: flag,
      grow: flag,
      list: flag,
      help: { ...flag, short: 'h' },
    },
  })
  refuseContradictions(values)
  const names = contestants.map(({ name }) => name)
  const wanted = values.contestants
    ? chosen(values.contestants, names, 'contestants')
    : values.list
      ? names
      : values.grow
        ? ['afluente']
        : usual
  return {
    ...values,
    scenarios: values.scenarios
      ? chosen(values.scenarios, Object.keys(scenarios), 'scenarios')
      : Object.keys(scenarios),
    contestants: contestants.filter(({ name }) => wanted.includes(name)),
    runs: whole(values.runs, 'runs', 1, 100),
    seconds: number(values.seconds, 'seconds', 0.5, 3600),
    payload: whole(values.payload, 'payload', 300, 200_000),
    seed: whole(values.seed, 'seed', 1, 2 ** 31),
  }
}

function refuseContradictions({ ceiling, grow, plot, scenarios: named }) {
  if (ceiling && grow) throw new Error('--ceiling and --grow: expected one of them')
  if (grow && named) throw new Error("--grow: expected no --scenarios, since it is S1's growth")
  if (ceiling && named && !/^S[1-4]$/i.test(named.trim()))
    throw new Error('--ceiling: expected one of S1, S2, S3, S4 as --scenarios, or none for S3')
  if (ceiling && plot) throw new Error('--plot: there is none of the ceiling')
  if (plot && !plot.endsWith('.svg')) throw new Error(`--plot: expected FILE.svg, not ${plot}`)
}
