import { Writable } from 'node:stream'
import winston from 'winston'
import type { Log, LogFields } from '../stats/log.js'

export interface LogOptions {
  readonly level: string
  readonly format: 'text' | 'json'
  /** What every line says beside its own fields. */
  readonly fields?: LogFields
  /** Where lines go. Default: standard output. */
  readonly stream?: NodeJS.WritableStream & { readonly writableLength: number }
}

// What may wait for a reader that doesn't read, in bytes; beyond it lines are left out and counted.
const maxWaitingBytes = 1024 * 1024

/** The service's log, by winston, one line an event. It never grows and never waits: lines nobody reads are left out. */
export function createLog({ level, format, fields = {}, stream = process.stdout }: LogOptions): Log {
  let leftOut = 0
  const output = new Writable({
    write(line: Buffer, _encoding, done) {
      if (stream.writableLength > maxWaitingBytes) leftOut++
      else {
        if (leftOut > 0) stream.write(`${leftOut} log lines were left out: nobody read them\n`)
        leftOut = 0
        stream.write(line)
      }
      done()
    },
  })
  // Whoever read it is gone. Unheard, this error would end in the log, whose line would fail again, and so for ever.
  stream.on('error', () => undefined)
  const { combine, timestamp, json, printf } = winston.format
  const text = printf(({ timestamp: at, level: severity, message, ...fields }) => {
    const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    return printable(`${String(at)} ${severity} ${String(message)}${rest.join('')}`)
  })
  const logger = winston.createLogger({
    level,
    defaultMeta: fields,
    format: combine(timestamp(), format === 'json' ? json() : text),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's types name two classes so
    transports: new winston.transports.Stream({ stream: output }),
  })
  return {
    info: (line, fields) => void logger.info(line, fields),
    warn: (line, fields) => void logger.warn(line, fields),
    error: (line, fields) => void logger.error(line, fields),
  }
}

// A device may be called anything, and must not write lines of its own.
function printable(line: string): string {
  return line.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
