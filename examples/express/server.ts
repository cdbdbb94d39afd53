import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import express, { type Request } from 'express'
import { type CallOptions, endpoints } from 'leashllm/express'
import { createLeash, LeashError } from 'leashllm/leash'
import OpenAI from 'openai'

const leash = createLeash({ fallback: ['claude-haiku-4-5'] })
leash.on('result', ({ model, tags }) => console.log(`team ${tags?.team}: ${model}`))

// Your own authentication. Who it finds is who the call is counted for.
const teams = new Map([['key-of-search', 'search']])
function caller(request: Request): CallOptions {
  const key = request.get('x-api-key') ?? request.get('x-goog-api-key') ?? request.get('authorization')?.replace('Bearer ', '')
  const team = teams.get(key ?? '')
  if (!team) throw new LeashError('authentication_failed', 'This key is not known here.')
  return { tenant: team, tags: { team } }
}

const app = express()
app.use('/llm', endpoints(leash, { call: caller, maxBodyBytes: 4_000_000, keepAliveMs: 15_000 }))
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/llm`

// Every SDK, and every model behind each.
const openai = new OpenAI({ apiKey: 'key-of-search', baseURL: `${url}/v1` })
const stream = await openai.chat.completions.create({
  model: 'claude-sonnet-5-5',
  messages: [{ role: 'user', content: 'Name three rivers.' }],
  stream: true,
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
console.log()

const anthropic = new Anthropic({ apiKey: 'key-of-search', baseURL: url })
const { content } = await anthropic.messages.create({
  model: 'gpt-4o-mini',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Name three lakes.' }],
})
console.log(content)

server.close()
