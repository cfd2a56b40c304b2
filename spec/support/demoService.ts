import { run, type Program } from './program.js'

export interface DemoService {
  readonly program: Program
  /** `localhost:PORT` of its HTTP and WebSocket side. */
  readonly host: string
  readonly brokerPort: string
}

/** Starts the service as `npm start` does on a machine where nothing is configured, but on any free port. */
export async function startDemoService(): Promise<DemoService> {
  const { PATH = '' } = process.env
  const program = run(process.execPath, ['dist/lib/service/main.js'], { PATH, PORT: '0' })
  const [, host = ''] = await program.written(/ws:\/\/(localhost:\d+)/)
  const [, brokerPort = ''] = await program.written(/mosquitto_pub .*-p (\d+)/)
  return { program, host, brokerPort }
}
