/** What the vendor calls a request, under the names by which the SDKs of others look for it: its support asks for that. */
export function requestId(theirs: Headers | undefined): Readonly<Record<string, string>> {
  const id = theirs?.get('x-request-id') ?? theirs?.get('request-id') ?? theirs?.get('x-amzn-requestid')
  return id ? { 'x-request-id': id, 'request-id': id } : {}
}
