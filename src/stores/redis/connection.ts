import type { Redis } from 'ioredis'
import { absent, loadOptional } from '../../core/optional.js'
import type { RedisClient } from './client.js'

/** A connection that could not be made is not tried again before so many milliseconds. */
const restMs = 1000

/**
 * Connects when it is first needed, and again when it is next needed. Nothing waits in a queue for a server that is gone,
 * nothing is sent twice, and an idle connection does not keep a program from ending.
 */
export class Connection {
  readonly #url: string
  readonly #timeoutMs: number
  #open: Redis | undefined
  #opening: Promise<Redis> | undefined
  #failed: { readonly at: number; readonly error: unknown } | undefined

  constructor(url: string, timeoutMs: number) {
    this.#url = url
    this.#timeoutMs = timeoutMs
  }

  client(): RedisClient | Promise<RedisClient> {
    if (this.#open?.status === 'ready') return this.#open
    if (this.#failed && performance.now() - this.#failed.at < restMs) throw this.#failed.error
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async close(): Promise<void> {
    const open = (await this.#opening?.catch(() => undefined)) ?? this.#open
    if (open?.status !== 'ready') return
    // Somebody waits for this answer, and the program must not end before it.
    open.stream.ref()
    await open.quit().catch(() => open.disconnect())
  }

  async #connect(): Promise<Redis> {
    const { Redis } = await loadOptional('ioredis', async () => {
      try {
        return await import('ioredis')
      } catch (error) {
        return absent(error)
      }
    })
    const client = new Redis(this.#url, {
      lazyConnect: true,
      connectTimeout: this.#timeoutMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      // The server has become a replica: the one that takes writes is found by connecting anew.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    })
    // Each command that fails for it tells so itself.
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (error) {
      this.#failed = { at: performance.now(), error }
      client.disconnect()
      throw error
    }
    this.#failed = undefined
    client.stream.unref()
    this.#open = client
    return client
  }
}
