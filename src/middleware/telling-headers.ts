/**
 * Headers that are another's in every request without meaning anything: traces, ids, the hour, what an SDK tells of itself.
 * Any other one keeps calls apart, the keys above all.
 */
const noise =
  /^(?:x-stainless-.*|user-agent|content-length|traceparent|tracestate|baggage|b3|x-b3-.*|sentry-trace|uber-trace-id|x-datadog-.*|x-cloud-trace-context|x-amzn-trace-id|x-request-id|x-correlation-id|x-client-request-id|date|x-amz-date|amz-sdk-.*)$/

/** An SDK sends the same few names with each request. */
const known = new Map<string, boolean>()
const mostKnown = 1000

function isNoise(name: string): boolean {
  let is = known.get(name)
  if (is === undefined) {
    is = noise.test(name)
    if (known.size >= mostKnown) known.clear()
    known.set(name, is)
  }
  return is
}

/** Those by which two requests differ. */
export function tellingHeaders(headers: Iterable<readonly [string, string]>): (readonly [string, string])[] {
  const telling: (readonly [string, string])[] = []
  for (const header of headers)
    if (!isNoise(header[0])) telling.push(header[1].includes('Signature=') ? unsigned(header) : header)
  return telling
}

/** A signature is of the second in which it was made; who signed stands in front of it. */
function unsigned([name, value]: readonly [string, string]): readonly [string, string] {
  return [name, value.replace(/\bSignature=[^,\s]+/, '')]
}
