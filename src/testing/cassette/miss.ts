import { LeashError } from '../../core/errors.js'
import { isObject } from '../../core/json.js'
import type { RecordedExchangeRequest, Recording } from './format.js'

/** How many differences are named: more of them would not help. */
const maxDifferences = 5

/** Says which file lacks the request, and where the nearest recording differs: names of members only, never what they say. */
export function missError(
  request: RecordedExchangeRequest,
  recordings: readonly Recording[],
  path: string,
  used: number,
): LeashError {
  const { pathname } = new URL(request.url)
  const asked = `${request.method} ${pathname}`
  if (used > 0) {
    return new LeashError(
      'invalid_request',
      `The cassette ${path} holds this request to ${asked} ${used === 1 ? 'once' : `${used} times`}, and it was sent once more. Record again with mode 'record'.`,
    )
  }
  const near = recordings
    .filter((other) => other.request.method === request.method && new URL(other.request.url).pathname === pathname)
    .map((other) => differences(queryAndBody(other.request), queryAndBody(request)))
    .sort((one, other) => one.length - other.length)[0]
  const known = [...new Set(recordings.map((other) => `${other.request.method} ${new URL(other.request.url).pathname}`))]
  const hint = near
    ? `The nearest recording differs at ${near.slice(0, maxDifferences).join(', ')}${near.length > maxDifferences ? ' …' : ''}.`
    : `It holds ${known.length === 0 ? 'nothing yet' : known.join(', ')}.`
  return new LeashError(
    'invalid_request',
    `The cassette ${path} has no recording of this request to ${asked}. ${hint} Record it with mode 'record' or 'auto'.`,
  )
}

const queryAndBody = ({ url, body }: RecordedExchangeRequest) => ({
  query: Object.fromEntries(new URL(url).searchParams),
  body,
})

function differences(one: unknown, other: unknown, path = ''): string[] {
  if (Array.isArray(one) && Array.isArray(other)) {
    const longest = Math.max(one.length, other.length)
    return Array.from({ length: longest }, (_, index) => differences(one[index], other[index], `${path}[${index}]`)).flat()
  }
  if (isObject(one) && isObject(other)) {
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])]
    return names.flatMap((name) => differences(one[name], other[name], path === '' ? name : `${path}.${name}`))
  }
  return one === other ? [] : [path]
}
