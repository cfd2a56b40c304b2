// What processes cost, read from /proc.
import { readFileSync, readdirSync } from 'node:fs'

const TICKS_PER_SECOND = 100

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // It has ended meanwhile.
  }
}

// The command's name stands in brackets and may hold anything, so what counts is what follows the last bracket.
const statFields = (pid) =>
  read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')

/** The processes themselves and all that descend from them. */
function family(pids) {
  const children = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = statFields(name)[1]
    children.set(parent, [...(children.get(parent) ?? []), name])
  }
  const found = []
  const open = pids.map(String)
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    found.push(pid)
    open.push(...(children.get(pid) ?? []))
  }
  return found
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)

// To the nanosecond, but forgets threads that have ended.
function scheduledSeconds(pid) {
  let threads = []
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    // It has ended meanwhile.
  }
  return sum(
    threads.map((thread) => Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]) / 1e9),
  )
}

/** User and system time so far, of processes, their threads and their children. */
export function cpuOf(pids) {
  const all = family(pids)
  const ticks = all.map((pid) => {
    const fields = statFields(pid)
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND || 0
  })
  return { coarse: sum(ticks), fine: sum(all.map(scheduledSeconds)) }
}

/**
 * The seconds between two readings. utime + stime count in hundredths of a second; the scheduler's own account of the
 * same time is finer, and is taken wherever the two agree.
 */
export function secondsBetween(before, after) {
  const coarse = after.coarse - before.coarse
  const fine = after.fine - before.fine
  return Math.abs(fine - coarse) <= 0.03 + coarse * 0.02 ? fine : coarse
}

export function residentBytes(pids) {
  const kilobytes = family(pids).map((pid) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0),
  )
  return sum(kilobytes) * 1024
}

/** Seconds that all cores together were busy and idle since the machine started. */
export function machineSeconds() {
  const [user, nice, system, idle, wait, interrupt, soft, stolen] = read('/proc/stat')
    .split('\n')[0]
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND)
  return { busy: user + nice + system + interrupt + soft + stolen, idle: idle + wait }
}

/** Packets that this machine dropped, since it started, because too many arrived at once for `net.core.netdev_max_backlog`. */
export function droppedPackets() {
  const ofCores = read('/proc/net/softnet_stat').trim().split('\n')
  return sum(ofCores.map((fields) => parseInt(fields.split(' ')[1] ?? '0', 16) || 0))
}
