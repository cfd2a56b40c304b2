/** Which browsers' pages may talk to the service. */
export type AllowedOrigins = '*' | readonly string[]

/** Whether an origin may use the service: compared as it is, letter by letter; no origin means no browser. */
export function isAllowedOrigin(allowed: AllowedOrigins, origin: string | undefined): boolean {
  return origin === undefined || allowed === '*' || allowed.includes(origin)
}
