// The floor: see floor/floor.c.
import { compiledC } from '../harness/compile.mjs'
import { missingMosquitto, startConsumer, startSayingReady, topic } from './broker.mjs'

const source = 'contestants/floor/floor.c'

export const floor = {
  name: 'floor',
  missing: missingMosquitto,
  prepare: () => compiledC(source),
  start: () =>
    startConsumer((port, brokerPort) => startSayingReady(compiledC(source), [port, brokerPort, topic])),
}
