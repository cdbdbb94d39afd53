/** A vendor's answer, with what the engine reads of one at hand. Whatever else is asked of it, goes through one of the platform's. */
import type { IncomingHttpHeaders } from 'node:http'
import { ownKind } from '../../core/transport.js'
import { IteratorStream } from '../../iterator-stream.js'
import { bare } from './bare.js'

type Bytes = Uint8Array<ArrayBuffer>
type Entry = [name: string, value: string]

/** In the vendor's order. */
class ArrivedHeaders extends bare(Headers) {
  readonly [ownKind] = true
  readonly fields: IncomingHttpHeaders

  constructor(fields: IncomingHttpHeaders) {
    super()
    this.fields = fields
  }

  override get(name: string): string | null {
    const lower = name.toLowerCase()
    const value = Object.hasOwn(this.fields, lower) ? this.fields[lower] : undefined
    return typeof value === 'string' ? value : (value?.join(', ') ?? null)
  }
  override has(name: string): boolean {
    return Object.hasOwn(this.fields, name.toLowerCase())
  }
  override getSetCookie(): string[] {
    return [this.fields['set-cookie'] ?? []].flat()
  }
  override set(name: string, value: string): void {
    for (const [known, checked] of new Headers([[name, value]])) this.fields[known] = checked
  }
  override append(name: string, value: string): void {
    const before = this.fields[name.toLowerCase()] ?? []
    this.set(name, value)
    this.fields[name.toLowerCase()] = [before, this.fields[name.toLowerCase()] ?? []].flat()
  }
  override delete(name: string): void {
    delete this.fields[name.toLowerCase()]
  }
  override entries(): HeadersIterator<Entry> {
    return this.#list().values()
  }
  override keys(): HeadersIterator<string> {
    return this.#list()
      .map(([name]) => name)
      .values()
  }
  override values(): HeadersIterator<string> {
    return this.#list()
      .map(([, value]) => value)
      .values()
  }
  override [Symbol.iterator](): HeadersIterator<Entry> {
    return this.entries()
  }
  override forEach(each: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.#list()) each.call(self, value, name, this)
  }

  #list(): Entry[] {
    const list: Entry[] = []
    for (const name of Object.keys(this.fields)) {
      const value = this.fields[name]
      if (typeof value === 'string') list.push([name, value])
      // Cookies cannot stand in one line.
      else if (name === 'set-cookie') for (const one of value ?? []) list.push([name, one])
      else list.push([name, (value ?? []).join(', ')])
    }
    return list
  }
}

export class ArrivedResponse extends bare(Response) {
  readonly [ownKind] = true
  override readonly status: number
  override readonly ok: boolean
  override readonly headers: Headers
  override readonly body: ReadableStream<Bytes>
  override readonly statusText = ''
  override readonly type = 'default'
  override readonly url = ''
  override readonly redirected = false

  constructor(status: number, headers: IncomingHttpHeaders, body: ReadableStream<Bytes>) {
    super()
    this.status = status
    this.ok = status >= 200 && status < 300
    this.headers = new ArrivedHeaders(headers)
    this.body = body
  }

  override get bodyUsed(): boolean {
    return this.body.locked
  }

  override async text(): Promise<string> {
    const reader = this.body.getReader()
    let read = await reader.read()
    if (read.done) return ''
    const first = read.value
    read = await reader.read()
    if (read.done) return whole.decode(first)
    const decoder = new TextDecoder()
    let text = decoder.decode(first, { stream: true })
    for (; !read.done; read = await reader.read()) text += decoder.decode(read.value, { stream: true })
    return text + decoder.decode()
  }
  override json(): Promise<unknown> {
    return this.#whole().json()
  }
  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#whole().arrayBuffer()
  }
  override bytes() {
    return this.#whole().bytes()
  }
  override blob(): Promise<Blob> {
    return this.#whole().blob()
  }
  override formData(): Promise<FormData> {
    return this.#whole().formData()
  }
  override clone(): Response {
    throw new TypeError('The answer of a vendor cannot be read twice.')
  }

  #whole(): Response {
    const { status, headers } = this
    return new Response(new IteratorStream(bytesOf(this.body.getReader())), { status, headers: [...headers] })
  }
}

/** Most answers come in one piece, and to make a decoder takes longer than to decode it. */
const whole = new TextDecoder()

/** Of a body that is not read to its end, nothing more is to come. */
export async function* bytesOf(reader: ReadableStreamDefaultReader<Bytes>): AsyncGenerator<Bytes> {
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
  } finally {
    await reader.cancel()
  }
}
