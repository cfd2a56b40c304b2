import { whySecretIsUnused } from './credentials.js'
import type { Settings } from './settings.js'

/** What to tell, once at the start, whoever configured it so. */
export function startWarnings(settings: Settings): string[] {
  const warnings: string[] = []
  const reason = whySecretIsUnused(settings)
  if (reason !== undefined)
    warnings.push(`JWT_SECRET_KEY is not used, and nobody makes shares by a token of it: ${reason}`)
  const hasShareKey = settings.PASETO_SECRET_KEY !== undefined || settings.PASETO_PUBLIC_KEY !== undefined
  if (hasShareKey && settings.AUTH_MODE === 'none' && settings.PUBLIC_PORT === undefined)
    warnings.push(
      'Whoever opens a share link learns its device_id, and can watch that device on /api/v1/stream without end: set PUBLIC_PORT and give the public that port alone, or set AUTH_MODE=jwt',
    )
  if (settings.PUBLIC_PORT !== undefined && settings.PUBLIC_URL === undefined)
    warnings.push(
      'PUBLIC_PORT is set and PUBLIC_URL is not: links lead to localhost and to PORT, where strangers should not be',
    )
  return warnings
}
