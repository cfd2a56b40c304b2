import { readFileSync } from 'node:fs'
import { z } from 'zod'
import {
  brokerUrlOf,
  count,
  deviceIdPlaceOf,
  flag,
  originsOf,
  seconds,
  topicFiltersOf,
  urlOf,
} from './settingForms.js'
import { accessSettings, shareSettings } from './shareSettings.js'

const packageJson = z
  .object({ name: z.string(), version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')))

/** Every variable that is read, with its default and its meaning. The README's table is made of it. */
export const settingsSchema = z.object({
  APP_NAME: z.string().default(packageJson.name).describe('What `/health` calls the service'),
  APP_VERSION: z.string().default(packageJson.version).describe('The version that `/health` tells'),
  NODE_ENV: z.string().optional().describe('`production` never starts the demo'),
  HOST: z.string().default('0.0.0.0').describe('The address to listen on'),
  PORT: count(0)
    .max(65_535, 'expected a port, 0 to 65535')
    .default(8000)
    .describe('The port to listen on; 0 for any that is free'),
  WORKERS: count(1)
    .max(256)
    .default(1)
    .describe('Processes that share the port, for more cores; each takes the whole feed'),
  PUBLIC_URL: urlOf('https?', 'expected a URL of http: or https:')
    .optional()
    .describe('Where browsers reach the service: share links begin so, and its origin is allowed'),
  DATA_DIR: z
    .string()
    .default('data')
    .describe(
      'Where the database is, with shares and last known messages: a directory, made where there is none',
    ),
  ALLOWED_ORIGINS: z
    .string()
    .default('*')
    .transform(originsOf)
    .describe('Origins whose pages may use it: a comma list or a JSON array; `*`: any'),
  CHECK_WS_ORIGIN: flag.default(true).describe('`false` lets pages of every origin open a WebSocket'),
  ...accessSettings,
  ...shareSettings,
  BROKER_HOST: z
    .string()
    .transform(brokerUrlOf)
    .optional()
    .describe(
      'The MQTT broker: `host`, `host:port` or a URL (`mqtt:`, `mqtts:`, `ws:`, `wss:`); none: the demo',
    ),
  BROKER_TOPIC: z
    .string()
    .default('tracking/data')
    .transform(topicFiltersOf)
    .describe('Topic filters, separated by commas'),
  MQTT_USERNAME: z.string().optional().describe('For the broker'),
  MQTT_PASSWORD: z.string().optional().describe('For the broker'),
  MQTT_QOS: z
    .enum(['0', '1', '2'], 'expected 0, 1 or 2')
    .default('0')
    .transform((qos) => Number(qos) as 0 | 1 | 2)
    .describe('Quality of service of the subscription'),
  MQTT_VERSION: z
    .enum(['3.1.1', '5'], 'expected 3.1.1 or 5')
    .default('3.1.1')
    .transform((version) => (version === '5' ? 5 : 4))
    .describe('MQTT version; a broker that refuses 5 is spoken to in 3.1.1'),
  MQTT_KEEPALIVE_SECS: count(1)
    .max(65_535)
    .default(15)
    .describe('A broker silent for 1.5 of these is given up'),
  DEVICE_ID_PATH: z
    .string()
    .default('data.DEVICE_ID')
    .transform(deviceIdPlaceOf)
    .describe("Where a message names its device: keys in the body, or `topic:N`, the topic's level N from 0"),
  DEVICE_IDLE_SECS: seconds.default(60).describe('An unwatched device is freed when silent for this long'),
  LAST_KNOWN_MAX_DEVICES: count(1).default(1_000_000).describe('Devices whose last known message is kept'),
  LAST_KNOWN_MAX_AGE_SECS: z.coerce
    .number()
    .min(0)
    .default(0)
    .describe('Older ones count as unknown; 0: no limit'),
  WEBSOCKET_KEEPALIVE_SECS: seconds
    .default(25)
    .describe('Period of the keep-alive; a client silent for two is cut off'),
  MAILBOX_CAPACITY: count(1).default(100).describe('Messages that a session holds per device'),
  MAILBOX_BYTES: count(0).default(16_777_216).describe('Bytes that a session holds in all; 0: no limit'),
  MAX_PAYLOAD_BYTES: count(1).default(262_144).describe('A larger MQTT payload is skipped'),
  MAX_SESSIONS: count(0).default(0).describe('Open sessions; 0: what the descriptors allow'),
  MAX_SESSIONS_PER_TOKEN: count(0)
    .default(0)
    .describe('Open sessions of one token, share tokens too; 0: no limit'),
  MAX_DEVICES_PER_SESSION: count(0).default(5000).describe('Devices that one session watches; 0: no limit'),
  MAX_COMMANDS_PER_SECOND: count(0).default(50).describe('Frames from one client in a second; 0: no limit'),
  HANDSHAKE_TIMEOUT_SECS: seconds.default(5).describe("How long a peer's headers may take"),
  CLOSE_TIMEOUT_SECS: seconds.default(5).describe('How long a peer may take to answer a close'),
  LOG_LEVEL: z.enum(['error', 'warn', 'info']).default('info').describe('The least severity logged'),
  LOG_FORMAT: z.enum(['text', 'json']).default('text').describe('How a log line looks'),
})

export type Settings = z.infer<typeof settingsSchema>
