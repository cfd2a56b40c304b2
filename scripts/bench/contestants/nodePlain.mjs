// A straightforward Node server.
import { join } from 'node:path'
import { benchFolder } from '../harness/compile.mjs'
import { missingMosquitto, startConsumer, startSayingReady, topic } from './broker.mjs'

const server = join(benchFolder, 'contestants/nodePlainServer.mjs')

export const nodePlain = {
  name: 'node-plain',
  missing: missingMosquitto,
  start: () =>
    startConsumer((port, brokerPort) =>
      startSayingReady(process.execPath, [server, port, brokerPort, topic]),
    ),
}
