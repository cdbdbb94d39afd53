/** The models that make embeddings on Bedrock: each has a body of its own. */

export interface EmbedModel {
  readonly shape: 'titan' | 'titan-image' | 'cohere' | 'nova'
  /** Inputs that one request may hold. */
  readonly inputs: number
  /** The vector's length can be asked for. */
  readonly dimensions: boolean
  /** The purpose of the vector can be told. */
  readonly task: boolean
}

const table: readonly (readonly [name: RegExp, model: EmbedModel])[] = [
  // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
  [/titan-embed-image/, { shape: 'titan-image', inputs: 1, dimensions: true, task: false }],
  [/titan-embed-(g1-)?text-(01|v1)/, { shape: 'titan', inputs: 1, dimensions: false, task: false }],
  [/titan-embed/, { shape: 'titan', inputs: 1, dimensions: true, task: false }],
  // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html
  [/cohere\.embed-(english|multilingual)-v3/, { shape: 'cohere', inputs: 96, dimensions: false, task: true }],
  [/cohere\.embed/, { shape: 'cohere', inputs: 96, dimensions: true, task: true }],
  // https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
  [/nova-[\w-]{0,40}embed/, { shape: 'nova', inputs: 1, dimensions: true, task: true }],
]

/** By model id, ARN or inference profile; undefined when it makes no embeddings that we know of. */
export function embedModel(model: string): EmbedModel | undefined {
  return table.find(([name]) => name.test(model))?.[1]
}
