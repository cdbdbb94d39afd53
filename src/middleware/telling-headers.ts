/**
 * Headers that are another's in every request without meaning anything: traces, ids, the hour, what an SDK tells of itself.
 * Any other one keeps calls apart, the keys above all.
 */
const noise =
  /^(?:x-stainless-.*|user-agent|content-length|traceparent|tracestate|baggage|b3|x-b3-.*|sentry-trace|uber-trace-id|x-datadog-.*|x-cloud-trace-context|x-amzn-trace-id|x-request-id|x-correlation-id|x-client-request-id|date|x-amz-date|amz-sdk-.*)$/

/** Those by which two requests differ. */
export function tellingHeaders(headers: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  // A signature is of the second in which it was made; who signed stands in front of it.
  return headers.flatMap(([name, value]) => (noise.test(name) ? [] : [[name, value.replace(/\bSignature=[^,\s]+/, '')] as const]))
}
