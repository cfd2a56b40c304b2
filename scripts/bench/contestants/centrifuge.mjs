// A small server on Centrifuge's Go library, as it comes and with its write batching (5 ms).
import { compiledGo, hasCommand } from '../harness/compile.mjs'
import { missingMosquitto, startConsumer, startSayingReady, topic } from './broker.mjs'

const source = 'contestants/centrifuge'

function contestant(name, ...delay) {
  return {
    name,
    missing: () => (hasCommand('go') ? missingMosquitto() : 'no Go toolchain at hand to build it with'),
    prepare: () => compiledGo(source),
    async start() {
      const server = await startConsumer((port, brokerPort) =>
        startSayingReady(compiledGo(source), [port, brokerPort, topic, ...delay]),
      )
      return { ...server, protocol: 'centrifuge', path: '/connection/websocket' }
    },
  }
}

export const centrifuge = contestant('centrifuge')
export const centrifugeBatching = contestant('centrifuge-batching', 5)
