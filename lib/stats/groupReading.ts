import { type Counters, createCounters } from './counters.js'
import type { GroupState, Reading, Snapshot } from './reading.js'

/** One place in a group of workers: who works there now, and who did before. */
export interface Place {
  /** What those counted who died in this place. */
  readonly before: Readonly<Counters>
  /** What who works here now counted when it last said so. */
  readonly known: Readonly<Counters>
  /** What it says now; undefined where nobody is, or nobody answered in time. */
  readonly snapshot: Snapshot | undefined
}

type Fold = (one: number, other: number) => number
type Value = number | Readonly<Record<string, number>>

interface Rule {
  /** Makes one number of two workers' numbers. */
  readonly fold: Fold
  /** Whether it only ever grows, and so outlives who counted it; else it is a number of now. */
  readonly isTotal: boolean
}

const sum: Fold = (one, other) => one + other
const total: Rule = { fold: sum, isTotal: true }
const now: Rule = { fold: sum, isTotal: false }
/** Every worker takes the whole feed, so that a sum would count each message as often as there are workers. */
const ofFeed: Rule = { fold: Math.max, isTotal: true }

const rules: Readonly<Record<keyof Counters, Rule>> = {
  messages: ofFeed,
  // Unwatched is what nobody watches in any worker, of which this is the most that it can be.
  unwatched: { fold: Math.min, isTotal: true },
  malformed: ofFeed,
  watches: now,
  devicesWatched: now, // the union takes its place
  actors: { fold: Math.max, isTotal: false }, // every worker has nearly the same
  feedConnections: total,
  sessions: now,
  ended: total,
  refused: total,
  sessionsRefused: total,
  connectionsDropped: total,
  delivered: total,
  snapshots: total,
  filtered: total,
  dropped: total,
  discarded: total,
  ignoredFrames: total,
  uncaught: total,
}

/**
 * What a group of workers knows together: of what each takes from the feed the largest number, of what each has to
 * itself the sum, of the devices watched the union. Totals never go back: who doesn't answer counts with what it said
 * last, and who died goes on counting. Numbers of now are of those alone who answered.
 */
export function groupReading(
  places: readonly Place[],
  state: Pick<GroupState, 'up' | 'deaths'>,
): Reading & { readonly workers: GroupState } {
  const answered = places.flatMap(({ snapshot }) => snapshot ?? [])
  const counters = places.map(countersOf).reduce((one, other) => combined(one, other, ({ fold }) => fold))
  const watched = new Set(answered.flatMap(({ watchedDevices }) => watchedDevices))
  return {
    counters: { ...counters, devicesWatched: watched.size },
    isFeedUp: answered.length > 0 && answered.every(({ isFeedUp }) => isFeedUp),
    isStoreUp: answered.every(({ isStoreUp }) => isStoreUp),
    isDraining: answered.length > 0 && answered.every(({ isDraining }) => isDraining),
    residentBytes: answered.map(({ residentBytes }) => residentBytes).reduce(sum, 0),
    heapUsedBytes: answered.map(({ heapUsedBytes }) => heapUsedBytes).reduce(sum, 0),
    workers: { ...state, expected: places.length, answered: answered.length },
  }
}

/** What a place has counted when who worked there is gone: its totals, and nothing of now. */
export function totalsOf(before: Readonly<Counters>, known: Readonly<Counters>): Counters {
  return mapped((name) =>
    rules[name].isTotal ? combinedValue(before[name], known[name], sum) : createCounters()[name],
  )
}

/** Lets a place go on where the group is in the feed, whatever it missed while nobody was there. */
export function caughtUp(before: Readonly<Counters>, group: Readonly<Counters>): Counters {
  return mapped((name) =>
    rules[name] === ofFeed ? combinedValue(before[name], group[name], Math.max) : before[name],
  )
}

function countersOf({ before, known, snapshot }: Place): Counters {
  return snapshot === undefined ? totalsOf(before, known) : combined(before, snapshot.counters, () => sum)
}

function combined(
  one: Readonly<Counters>,
  other: Readonly<Counters>,
  foldOf: (rule: Rule) => Fold,
): Counters {
  return mapped((name) => combinedValue(one[name], other[name], foldOf(rules[name])))
}

function combinedValue(one: Value, other: Value, fold: Fold): Value {
  if (typeof one === 'number' || typeof other === 'number') return fold(Number(one), Number(other))
  const names = Object.keys({ ...one, ...other })
  return Object.fromEntries(names.map((name) => [name, fold(one[name] ?? 0, other[name] ?? 0)]))
}

function mapped(valueOf: (name: keyof Counters) => Value): Counters {
  const entries = Object.keys(rules).map((name) => [name, valueOf(name as keyof Counters)])
  return Object.fromEntries(entries) as Counters // `rules` has every name, and a value is of its name's kind
}
