/** A vendor that does as the prompt says, and knows to the nano-dollar what it has served. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { inputPrice, outputPrice, type VendorTold } from './terms.js'

const told: VendorTold = { served: 0, nano: 0, refused: 0, broken: 0, stalled: 0 }

const server = createServer(async (request, response) => {
  const { messages, stream, max_tokens = 20 } = JSON.parse(await text(request).catch(() => '{"messages":[{"content":""}]}'))
  const plan = String(messages[0].content).split(' ')[0]
  if (plan === 'refuse') return refuse(response)
  if (plan === 'break') {
    told.broken++
    return request.socket.destroy()
  }
  const usage = usageOf(10 + (told.served % 40), 1 + (told.served % max_tokens))
  if (plan === 'stall') {
    told.stalled++
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(event({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Hm' }, finish_reason: null }] }))
    return
  }
  await new Promise((resolve) => setTimeout(resolve, told.served % 25))
  if (response.destroyed) return
  told.served++
  told.nano += usage.prompt_tokens * inputPrice + usage.completion_tokens * outputPrice
  if (stream) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(event({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Yes' }, finish_reason: null }] }))
    response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
    return response.end(`${event({ choices: [], usage })}data: [DONE]\n\n`)
  }
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Yes' }, finish_reason: 'stop' }]
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ ...base, object: 'chat.completion', choices, usage }))
})

const base = { id: 'chatcmpl-1', created: 1, model: 'gpt-4o-mini' }
const event = (data: object) => `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...data })}\n\n`

function usageOf(prompt_tokens: number, completion_tokens: number) {
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}

function refuse(response: ServerResponse): void {
  told.refused++
  response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"No."}}')
}

server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('message', () => process.send?.(told))
process.on('disconnect', () => process.exit())
