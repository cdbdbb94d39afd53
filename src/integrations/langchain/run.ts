import type { CallOptions, Report, Result } from '../../core/call.js'
import type { JsonObject } from '../../core/json.js'
import type { Engine } from '../../engine.js'
import { knownProtocol } from '../../protocols/index.js'
import { failureOf } from './failure.js'

export interface Asked {
  readonly protocol: string
  readonly model: string
  readonly body: JsonObject
  readonly options: CallOptions
  readonly stream?: boolean
  readonly signal?: AbortSignal | undefined
}

export interface Answered {
  readonly report: Report
  readonly result: Result
}

/** Takes a call through the stack. @throws what LangChain expects of a model */
export async function run(
  engine: Engine,
  { protocol: name, model, body, options, stream = false, signal }: Asked,
): Promise<Answered> {
  const protocol = await knownProtocol(name)
  const { report, result } = engine.run({ protocol, model, stream, body, headers: {}, options, ...(signal && { signal }) })
  try {
    return { report, result: await result }
  } catch (error) {
    throw failureOf(error)
  }
}
