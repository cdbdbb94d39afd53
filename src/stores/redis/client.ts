/** One way to talk to Redis, whoever made the client: a command is answered in time, or it has failed. */
import { LeashError } from '../../core/errors.js'
import { Connection } from './connection.js'
import type { Script } from './script.js'

type Argument = string | number | Uint8Array

/** What is used of an ioredis client, so that nobody needs its types who does not use it. */
export interface RedisClient {
  call(command: string, ...args: Argument[]): Promise<unknown>
  callBuffer(command: string, ...args: Argument[]): Promise<unknown>
  /** Of a `Cluster`. */
  nodes?(role: 'master'): RedisClient[]
  readonly options?: { readonly keyPrefix?: string | undefined }
}

export interface ClientOptions {
  readonly url: string
  readonly client?: RedisClient
  readonly timeoutMs: number
}

export class Client {
  readonly #given: RedisClient | undefined
  readonly #own: Connection
  readonly #timeoutMs: number

  constructor({ url, client, timeoutMs }: ClientOptions) {
    if (client?.options?.keyPrefix)
      throw new LeashError(
        'invalid_config',
        'The Redis client has a `keyPrefix`, which not all commands obey. Set `prefix` of redis() in its place.',
      )
    this.#given = client
    this.#own = new Connection(url, timeoutMs)
    this.#timeoutMs = timeoutMs
  }

  call(command: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.#within((client) => client.call(command, ...args))
  }

  /** As {@link call}, with bytes in the reply where it would have strings. */
  callBuffer(command: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.#within((client) => client.callBuffer(command, ...args))
  }

  /**
   * Runs a script by its digest; only a server that does not know it yet is sent all of it.
   *
   * @param late is told of a reply that nobody waits for any more: it was done all the same
   */
  run(script: Script, keys: readonly string[], args: readonly Argument[], late?: (reply: unknown) => void): Promise<unknown> {
    return this.#within(async (client) => {
      const rest = [keys.length, ...keys, ...args]
      const digest = await script.digest()
      try {
        return await client.call('EVALSHA', digest, ...rest)
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
        return client.call('EVAL', script.text, ...rest)
      }
    }, late)
  }

  /** Every server that holds keys. */
  servers(): Promise<readonly RedisClient[]> {
    return this.#within(async (client) => client.nodes?.('master') ?? [client])
  }

  /** A client that was given to us is closed by who gave it. */
  close(): Promise<void> {
    return this.#own.close()
  }

  /** A timer of its own, and not the client's: it also bounds the wait for a connection, and keeps the program until the answer. */
  async #within<T>(use: (client: RedisClient) => Promise<T>, late?: (reply: T) => void): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const reply = this.#use(use)
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${this.#timeoutMs} ms`))
        reply.then(late, () => {})
      }, this.#timeoutMs)
    })
    try {
      return await Promise.race([reply, tooLong])
    } finally {
      clearTimeout(timer)
    }
  }

  async #use<T>(use: (client: RedisClient) => Promise<T>): Promise<T> {
    return use(this.#given ?? (await this.#own.client()))
  }
}
