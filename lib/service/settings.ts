import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { z } from 'zod'
import { AfluenteError } from '../errors.js'
import { credentialProblems } from './credentials.js'
import { settingsSchema } from './settingsSchema.js'

export type Settings = z.infer<typeof settingsSchema>

/** Names that only a deployment sets: with one of them and no broker, somebody meant production. */
const productionNames = [
  'APP_NAME',
  'APP_VERSION',
  'ALLOWED_ORIGINS',
  'BROKER_TOPIC',
  'MQTT_USERNAME',
  'MQTT_PASSWORD',
  'PASETO_SECRET_KEY',
  'PASETO_PUBLIC_KEY',
  'JWT_SECRET_KEY',
  'JWT_ALGORITHM',
  'JWT_PUBLIC_KEY',
  'JWT_JWKS_URL',
  'SHARE_ISSUER_KEY',
  'REDIS_URL',
  'WEBSOCKET_KEEPALIVE_SECS',
]

/** The environment, over what a `.env` file in `directory` says. An empty variable is an unset one. */
export function readEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
  directory: string = process.cwd(),
): Record<string, string> {
  const path = `${directory}/.env`
  const file = existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}
  return { ...setOnes(file), ...setOnes(environment) }
}

/** The variables that are set: an empty one is an unset one. */
export function setOnes(variables: NodeJS.Dict<string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  )
}

/**
 * Reads the settings.
 *
 * @throws AfluenteError `ERR_CONFIG`, naming every bad variable and what was expected, but never its value.
 */
export function settingsOf(environment: Record<string, string>): Settings {
  const { success, data, error } = settingsSchema.safeParse(environment)
  const problems = success ? [] : error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`)
  problems.push(...credentialProblems(environment).map((problem) => `  ${problem}`))
  const telltale =
    environment.NODE_ENV === 'production' ? 'NODE_ENV' : productionNames.find((name) => name in environment)
  if (telltale !== undefined && !('BROKER_HOST' in environment)) {
    problems.push(
      `  BROKER_HOST: expected the MQTT broker, since ${telltale} is set; the demo runs only where nothing of the kind is`,
    )
  }
  if (problems.length > 0 || !success) {
    throw new AfluenteError('ERR_CONFIG', `The configuration can't be used:\n${problems.join('\n')}`)
  }
  return data
}
