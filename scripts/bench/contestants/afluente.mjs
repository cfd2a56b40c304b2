// afluente as it is run: the compiled service, configured by its environment.
import { existsSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { benchFolder } from '../harness/compile.mjs'
import { answering, start, temporaryFolder } from '../harness/processes.mjs'
import { missingMosquitto, startConsumer, topic } from './broker.mjs'

export const entry = join(benchFolder, '../../dist/lib/service/main.js')

const isReady = (port) => () =>
  new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('error', () => resolve(false))
  })

/** Starts the service with nothing of the caller's environment or folder in it. */
export async function startService(port, brokerPort, settings = {}, nodeOptions = []) {
  const folder = temporaryFolder()
  const environment = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: String(port),
    BROKER_HOST: `127.0.0.1:${brokerPort}`,
    BROKER_TOPIC: topic,
    LOG_LEVEL: 'warn',
    DATA_DIR: join(folder, 'data'),
    NODE_ENV: 'production',
    ...settings,
  }
  const program = start(process.execPath, [...nodeOptions, entry], { environment, folder })
  try {
    await answering(program, isReady(port))
  } catch (error) {
    await program.stop()
    throw error
  }
  return program
}

const missing = () => (existsSync(entry) ? missingMosquitto() : 'not built: npm run build')

export const afluente = {
  name: 'afluente',
  missing,
  start: () => startConsumer((port, brokerPort) => startService(port, brokerPort)),
}

export const afluenteTwoWorkers = {
  name: 'afluente-2-workers',
  optional: true,
  missing,
  start: () => startConsumer((port, brokerPort) => startService(port, brokerPort, { WORKERS: '2' })),
}
