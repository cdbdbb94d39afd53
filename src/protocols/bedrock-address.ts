import { percentDecoded } from './percent.js'

/**
 * The model and the operation of `/model/{modelId}/{operation}`. The model is one part of the path, its colons and
 * slashes escaped; an ARN may also stand there as it is.
 */
export function bedrockAddress(path: string): { readonly model: string; readonly operation: string } | undefined {
  const [, model, operation] = /\/model\/(.+)\/([a-z-]+)$/.exec(path.split('?')[0] ?? '') ?? []
  return model === undefined || operation === undefined ? undefined : { model: percentDecoded(model), operation }
}
