// What is measured. `sessions` watch `each` of `devices`, and `rate` messages a second come in.
const fleet = { sessions: 1000, each: 10, devices: 1000, rate: 1000 }
// Longer than the usual 3 s where few messages come, so that JIT compilers are done by then.
const warmUpSeconds = 10
const crowd = { ...fleet, sessions: 9000 }

export const scenarios = {
  S1: { ...fleet, warmUpSeconds, title: 'fleet: 1,000 sessions × 10 of 1,000 devices, 1,000/s in' },
  S2: {
    warmUpSeconds,
    sessions: 1000,
    each: 1,
    devices: 1,
    rate: 20,
    title: 'viewers: 1,000 sessions on one device, 20/s in',
  },
  S3: {
    sessions: 200,
    each: 10,
    devices: 50,
    rate: 40_000,
    title: 'saturation: 200 sessions × 10 of 50, 40,000/s in',
  },
  S4: { ...crowd, title: 'crowd: 9,000 sessions × 10 of 1,000, 1,000/s in' },
  S5: { ...crowd, rate: 0, kind: 'idle', title: 'idle: memory of 9,000 open sessions' },
  S6: { ...crowd, kind: 'storm', title: 'storm: 9,000 sessions connecting at once, twice' },
  // The stalled ones' buffers need some seconds to fill, too, before anything can be seen.
  S7: {
    ...fleet,
    stalledShare: 0.1,
    warmUpSeconds,
    title: 'stalled: S1 with a tenth of the readers stopped',
  },
  S8: {
    ...fleet,
    warmUpSeconds,
    reconnectSeconds: 15,
    title: 'churn: S1 with each session reconnecting every 15 s',
  },
}

/** The same shapes, small and short: they show that everything runs, and say nothing of speed. */
export function smoked(scenario) {
  const small = { warmUpSeconds: 0.3, seconds: 0.7, settleSeconds: 0.3, timeoutSeconds: 15 }
  const { sessions, devices, rate, reconnectSeconds } = scenario
  return {
    ...scenario,
    ...small,
    sessions: Math.min(sessions, sessions > 1000 ? 600 : 200),
    devices: Math.min(devices, 200),
    rate: Math.min(rate, 4000),
    ...(reconnectSeconds ? { reconnectSeconds: 0.5, seconds: 1 } : {}),
  }
}

/** A copy that fits the descriptors this machine gives one process, and what was changed. */
export function fitted(scenario, descriptors) {
  const most = descriptors - 200
  if (scenario.sessions <= most) return scenario
  return { ...scenario, sessions: most, shrunk: `only ${most} sessions: ulimit -Hn is ${descriptors}` }
}
