// afluente as it is run: the compiled service, configured by its environment.
import { existsSync } from 'node:fs'
import { get } from 'node:http'
import { join, resolve } from 'node:path'
import { benchFolder } from '../harness/compile.mjs'
import { answering, start, temporaryFolder } from '../harness/processes.mjs'
import { missingMosquitto, startConsumer, topic } from './broker.mjs'

export const entry = join(benchFolder, '../../dist/lib/service/main.js')

// As `npm start` and the package's command do.
const asStarted = ['--max-semi-space-size=8', '--use-largepages=silent']

const isReady = (port) => () =>
  new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('error', () => resolve(false))
  })

/**
 * Starts the service with nothing of the caller's environment or folder in it. With `profile`, a folder, it leaves a CPU
 * profile there when it ends.
 */
export async function startService(port, brokerPort, { profile, ...settings } = {}) {
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
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`] : []
  const program = start(process.execPath, [...profiling, ...asStarted, entry], { environment, folder })
  try {
    await answering(program, isReady(port))
  } catch (error) {
    await program.stop()
    throw error
  }
  // A profile is written at an orderly end.
  return profile ? { ...program, stop: () => program.end(10_000) } : program
}

const missing = () => (existsSync(entry) ? missingMosquitto() : 'not built: npm run build')

export const afluente = {
  name: 'afluente',
  missing,
  start: ({ profile }) => startConsumer((port, brokerPort) => startService(port, brokerPort, { profile })),
}

export const afluenteTwoWorkers = {
  name: 'afluente-2-workers',
  optional: true,
  missing,
  start: () => startConsumer((port, brokerPort) => startService(port, brokerPort, { WORKERS: '2' })),
}
