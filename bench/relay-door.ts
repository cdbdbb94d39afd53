/** How bench/relay-soak.ts asks a relay: of many answers nothing but their status is looked at. */
import { Pool } from 'undici'

export interface Question {
  readonly key?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export class Door {
  readonly #pool: Pool
  readonly #port: number

  /** @param connections at most */
  constructor(port: number, connections: number) {
    this.#port = port
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections })
  }

  /** @returns the answer, as text @throws Error when its status is another */
  async ask(status: number, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, question: Question = {}): Promise<string> {
    const { statusCode, body } = await this.#pool.request({ method, path, ...sentBy(question) })
    const text = await body.text()
    if (statusCode !== status) throw new Error(`${method} ${path} was answered with ${statusCode}: ${text.slice(0, 500)}`)
    return text
  }

  /** Leaves the answer after its first bytes. */
  async leave(method: 'GET' | 'POST', path: string, question: Question): Promise<void> {
    const { statusCode, body } = await this.#pool.request({ method, path, ...sentBy(question) })
    if (statusCode !== 200) throw new Error(`${method} ${path} was answered with ${statusCode}: ${await body.text()}`)
    for await (const _ of body) break
  }

  /** Waits for an answer no longer than a moment. */
  async giveUp(path: string, question: Question): Promise<void> {
    const signal = AbortSignal.timeout(5)
    await this.#pool.request({ method: 'GET', path, ...sentBy(question), signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }

  /** @returns by what the answer is known */
  async etag(path: string, question: Question): Promise<string> {
    const { headers, body } = await this.#pool.request({ method: 'GET', path, ...sentBy(question) })
    await body.dump()
    return String(headers.etag)
  }

  /** Says something over a web socket of its own, and closes it when that was answered. */
  converse(path: string, key: string, message: object): Promise<void> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}${path}`, ['leash', `leash.key.${key}`])
    return new Promise((resolve, reject) => {
      let last = ''
      socket.onopen = () => socket.send(JSON.stringify(message))
      socket.onmessage = ({ data }) => {
        last = String(data)
        if (JSON.parse(last).type === 'done') socket.close()
      }
      socket.onerror = () => reject(new Error('A web socket has failed.'))
      socket.onclose = () => (last.includes('"done"') ? resolve() : reject(new Error(`A web socket ended with ${last}`)))
    })
  }

  close(): Promise<void> {
    return this.#pool.destroy()
  }
}

function sentBy({ key, body, headers }: Question) {
  return {
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  }
}
