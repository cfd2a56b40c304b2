/** What a line says beside its text. Never a token, a key or a payload. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>

/** Where lines go. The service hands in winston; a test, an array; a library's user, whatever it logs with. */
export interface Log {
  info(line: string, fields?: LogFields): void
  warn(line: string, fields?: LogFields): void
  error(line: string, fields?: LogFields): void
}

/** Says nothing. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }
