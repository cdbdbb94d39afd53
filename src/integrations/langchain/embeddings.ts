import { Embeddings } from '@langchain/core/embeddings'
import type { CallOptions } from '../../core/call.js'
import { asArray, asObject, compact, type JsonObject } from '../../core/json.js'
import type { Leash, LeashInside, LeashOptions } from '../../open-leash.js'
import { protocolName } from '../../protocols/ai-sdk-embeddings/response.js'
import { mostTexts } from '../most-texts.js'
import { opened } from '../opened.js'
import { run } from './run.js'

export interface LeashEmbeddingsFields {
  readonly model: string
  /** One that there is already, or the options of a new one. @defaultValue a new one without options */
  readonly leash?: Leash | LeashOptions
  /** How long the vectors are to be, at models that let one choose. */
  readonly dimensions?: number
  /** What vectors are for, in the words of a vendor that asks: `{ document: 'RETRIEVAL_DOCUMENT', query: 'RETRIEVAL_QUERY' }`. */
  readonly tasks?: { readonly document?: string; readonly query?: string }
  /** What the stack is to know of each call: tenant, user, tags … */
  readonly call?: CallOptions
}

/**
 * Embeddings of every vendor as LangChain's.
 *
 * @example
 * const embeddings = new LeashEmbeddings({ model: 'text-embedding-3-small' })
 * const vector = await embeddings.embedQuery('Where do rivers end?')
 */
export class LeashEmbeddings extends Embeddings {
  readonly model: string
  readonly #opened: LeashInside
  readonly #fields: LeashEmbeddingsFields

  constructor(fields: LeashEmbeddingsFields) {
    super({})
    this.model = fields.model
    this.#opened = opened(fields.leash ?? {})
    this.#fields = fields
  }

  get leash(): Leash {
    return this.#opened.leash
  }

  override async embedDocuments(documents: string[]): Promise<number[][]> {
    const vectors: number[][] = []
    for (let at = 0; at < documents.length; at += mostTexts)
      vectors.push(...(await this.#embed(documents.slice(at, at + mostTexts), this.#fields.tasks?.document)))
    return vectors
  }

  override async embedQuery(document: string): Promise<number[]> {
    const [vector = []] = await this.#embed([document], this.#fields.tasks?.query)
    return vector
  }

  async #embed(values: string[], task: string | undefined): Promise<number[][]> {
    const { dimensions, call = {} } = this.#fields
    const body: JsonObject = compact({
      values,
      dimensions,
      providerOptions: task === undefined ? undefined : { leash: { task } },
    })
    const { result } = await run(this.#opened.engine, { protocol: protocolName, model: this.model, body, options: call })
    const { embeddings } = asObject(result.stream ? undefined : result.body)
    return asArray(embeddings).map((vector) => asArray(vector).filter((number) => typeof number === 'number'))
  }
}
