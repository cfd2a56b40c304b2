// A PASETO of any version, and a JWT, whose header is always JSON and so begins `eyJ`; whole or cut short.
const tokens = /\bv[1-4]\.(?:local|public)\.[\w-]*(?:\.[\w-]*)?|\beyJ[\w-]{4,}(?:\.[\w-]*){0,4}/gi
const parameters = /([?&#;]token=)[^&#;\s"']*/gi

/**
 * A text for a log, with `[token]` in the place of everything that has a token's shape or stands in a `token`
 * parameter.
 */
export function withoutTokens(text: string): string {
  return text.replace(parameters, '$1[token]').replace(tokens, '[token]')
}
