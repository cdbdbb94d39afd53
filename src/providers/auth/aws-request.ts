/** A request as AWS's SDKs pass it from layer to layer. https://smithy.io/2.0/ */
export interface SmithyRequest {
  method: string
  protocol: string
  hostname: string
  port?: number
  path: string
  query?: Record<string, string | string[] | null>
  headers: Record<string, string>
  body?: unknown
}

export function isSmithyRequest(value: unknown): value is SmithyRequest {
  return typeof value === 'object' && value !== null && 'hostname' in value && 'path' in value && 'headers' in value
}

export function urlOf({ protocol, hostname, port, path, query = {} }: SmithyRequest): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => (one === null ? escaped(name) : `${escaped(name)}=${escaped(one)}`)),
  )
  const search = pairs.length > 0 ? `?${pairs.join('&')}` : ''
  return `${protocol}//${hostname}${port ? `:${port}` : ''}${path}${search}`
}

/** Signatures are made over this form: https://datatracker.ietf.org/doc/html/rfc3986#section-2.3 */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
