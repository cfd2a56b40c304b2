import type { Log, LogFields } from '../../lib/stats/log.js'

/** A log as an array of its lines: severity, text and fields. */
export function linesLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = []
  const write = (severity: string) => (line: string, fields?: LogFields) =>
    void lines.push(`${severity} ${line} ${JSON.stringify(fields ?? {})}`)
  return { log: { info: write('info'), warn: write('warn'), error: write('error') }, lines }
}
