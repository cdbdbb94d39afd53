/** What node-fetch, undici and whatever else is put in the place of `fetch` answer with, as far as it is read. */
export interface Foreign {
  readonly status: number
  readonly statusText?: string
  readonly url?: string
  readonly headers: { entries(): Iterable<[name: string, value: string]> }
  readonly body?: AsyncIterable<Uint8Array | string> | null
  text?(): Promise<string>
  json?(): Promise<unknown>
}

/** The platform makes no response of these that has a body. */
const bodiless = [204, 205, 304]

/** The same answer as one of the platform's own, which alone can be given a prototype of ours. */
export async function adopted(theirs: Foreign): Promise<Response> {
  const { status, statusText = '', headers, url = '' } = theirs
  const body = bodiless.includes(status) ? null : await bodyOf(theirs)
  const response = new Response(body, { status, statusText, headers: [...headers.entries()] })
  return Object.defineProperty(response, 'url', { value: url })
}

async function bodyOf(theirs: Foreign): Promise<BodyInit | null> {
  const { body } = theirs
  if (body instanceof ReadableStream) return body
  if (body) return streamOf(body)
  if (theirs.text) return theirs.text()
  return theirs.json ? JSON.stringify(await theirs.json()) : null
}

function streamOf(pieces: AsyncIterable<Uint8Array | string>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value)
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
