/** Server-sent events that are read with a token, which the browser's own reader cannot send. */
import { createParser } from 'eventsource-parser'

/** What stands in each. */
export async function* eventsIn(response: Response): AsyncGenerator<string> {
  const ready: string[] = []
  const parser = createParser({ onEvent: ({ data }) => void ready.push(data) })
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    parser.feed(decoder.decode(read.value, { stream: true }))
    yield* ready.splice(0)
  }
}
