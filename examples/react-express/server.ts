/** A page, the chat behind it, and the endpoints of the vendors for everything else that you have: all on one leash. */
import { createHash, timingSafeEqual } from 'node:crypto'
import express, { type Express } from 'express'
import { endpoints } from 'leashllm/express'
import { type Leash, LeashError } from 'leashllm/leash'
import { chat } from './chat.ts'
import type { Files } from './page.ts'

export interface ServerOptions {
  readonly leash: Leash
  readonly files: Files
  /** The key of your own programs. Without one, `/llm` serves nobody. */
  readonly key?: string | undefined
}

export function createServer({ leash, files, key }: ServerOptions): Express {
  const app = express().disable('x-powered-by')
  const own = key && hashed(key)
  const call = (request: express.Request) => {
    if (!own || !timingSafeEqual(hashed(keyIn(request)), own))
      throw new LeashError('authentication_failed', 'Send the key of this server.')
    return { tags: { app: 'program' } }
  }
  app.use('/llm', endpoints(leash, { call }))
  // Your own sign-in goes in front of this one: whoever reaches it spends your money.
  app.post('/api/chat', express.json({ limit: '1mb' }), chat(leash))
  app.get('/{*path}', ({ path }, response, next) => {
    const file = files.get(path)
    if (!file) return next()
    response.type(file.type).send(file.text)
  })
  return app
}

/** Each SDK sends its key in a header of its own. */
const keyIn = (request: express.Request) =>
  request.get('x-api-key') ?? request.get('x-goog-api-key') ?? request.get('authorization')?.replace('Bearer ', '') ?? ''

/** Of one length for each: how long a comparison takes tells nothing of the key. */
const hashed = (text: string) => createHash('sha256').update(text).digest()
