// Servers in Node: the straightforward one, and what Node itself asks, with its HTTP parser and without.
import { join } from 'node:path'
import { benchFolder } from '../harness/compile.mjs'
import { missingMosquitto, startConsumer, startSayingReady, topic } from './broker.mjs'

const nodeServer = (name, file, { args = [], ...rest } = {}) => ({
  name,
  ...rest,
  missing: missingMosquitto,
  start: () =>
    startConsumer((port, brokerPort) =>
      startSayingReady(process.execPath, [
        join(benchFolder, 'contestants', file),
        port,
        brokerPort,
        topic,
        ...args,
      ]),
    ),
})

export const nodePlain = nodeServer('node-plain', 'nodePlainServer.mjs')
export const bareNode = nodeServer('bare-node', 'bareNodeServer.mjs', { optional: true })
export const bareNet = nodeServer('bare-net', 'bareNodeServer.mjs', { optional: true, args: ['net'] })
