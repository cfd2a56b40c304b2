// The twin of the service that afluente replaces.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { benchFolder } from '../harness/compile.mjs'
import { missingMosquitto, startConsumer, startSayingReady, topic } from './broker.mjs'

const server = join(benchFolder, 'contestants/fastapi_server.py')

// The first python3 on the path need not be the one that sees the system's packages.
const findPython = () =>
  ['/usr/bin/python3', 'python3'].find(
    (python) =>
      spawnSync(python, ['-c', 'import fastapi, uvicorn, websockets, paho.mqtt.client']).status === 0,
  )

export const fastapi = {
  name: 'fastapi',
  missing: () =>
    findPython()
      ? missingMosquitto()
      : 'not installed: apt-get install python3-fastapi python3-uvicorn python3-websockets python3-paho-mqtt',
  start: () =>
    startConsumer((port, brokerPort) => startSayingReady(findPython(), [server, port, brokerPort, topic])),
}
