import type { IncomingHttpHeaders } from 'node:http'

/** Where a token may stand in a request. */
export interface CredentialSources {
  readonly headers: Pick<IncomingHttpHeaders, 'authorization' | 'sec-websocket-protocol'>
  readonly query: URLSearchParams
}

/**
 * The token of a request to the private stream: from `Authorization: Bearer`, else from the element after `bearer` in
 * `Sec-WebSocket-Protocol`, else from `?token=`. Undefined where none is given; blank counts as none.
 */
export function accessCredential({ headers, query }: CredentialSources): string | undefined {
  return bearerIn(headers.authorization) ?? offeredToken(headers['sec-websocket-protocol']) ?? tokenIn(query)
}

/**
 * The token of a request to the public stream or `/init`: `?token=` goes first, so that an app's own Authorization
 * header doesn't break its links.
 */
export function shareCredential(sources: CredentialSources): string | undefined {
  return tokenIn(sources.query) ?? accessCredential(sources)
}

/** What stands after `Bearer` in an Authorization header, whose scheme has no case (RFC 9110, 11.1). */
export function bearerIn(authorization: string | undefined): string | undefined {
  return /^\s*bearer +(\S+)\s*$/i.exec(authorization ?? '')?.[1]
}

function offeredToken(header: string | undefined): string | undefined {
  const elements = elementsOf(header)
  const place = elements.indexOf('bearer')
  return place === -1 ? undefined : elements[place + 1]
}

function elementsOf(header: string | undefined): string[] {
  const elements = (header ?? '').split(',').map((element) => element.trim())
  return elements.filter((element) => element !== '')
}

function tokenIn(query: URLSearchParams): string | undefined {
  const token = query.get('token') ?? ''
  return token === '' ? undefined : token
}
