/** A receiver of webhooks on a real socket, which checks what it gets with a public implementation of the standard. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { onTestFinished } from 'vitest'
import { until } from '../helpers/mock.js'

export interface Received {
  readonly id: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what a webhook says is looked into by tests alone
  readonly body: any
}

export async function openReceiver() {
  const received: Received[] = []
  const answers: { readonly status: number; readonly headers?: Record<string, string> }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    received.push({ id: String(request.headers['webhook-id']), headers: request.headers, text, body: JSON.parse(text) })
    const { status, headers } = answers.shift() ?? { status: 204 }
    response.writeHead(status, headers).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const sdk = new OpenAI({ apiKey: 'none' })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    /** What is said to the next ones; 204 to all others. */
    answer: (...next: typeof answers) => void answers.push(...next),
    arrived: (count: number) => until(() => received.length >= count),
    /** OpenAI signs its webhooks by the same standard. @param age of what may come, in seconds */
    verify: ({ text, headers }: Received, secret: string, age?: number) =>
      sdk.webhooks.verifySignature(text, new Headers(headers as Record<string, string>), secret, age),
  }
}
