import type { Report, Result, Target } from '../../core/call.js'
import { compact, type JsonObject } from '../../core/json.js'
import type { Engine } from '../../engine.js'
import { knownProtocol } from '../../protocols/index.js'
import { apiError, sdk } from './errors.js'
import { plain } from './json.js'
import { divided, headersOf } from './options.js'

/** A model of a leash, as the AI SDK calls it. */
export interface Called {
  readonly engine: Engine
  readonly model: string
  readonly protocol: string
  /** Who is asked first, where it is not the model's name that tells. */
  readonly target?: Target
}

export interface Answered {
  readonly report: Report
  readonly result: Result
}

interface CallLike {
  readonly abortSignal?: AbortSignal | undefined
  readonly headers?: unknown
}

/** Takes a call through the stack. @throws what the AI SDK expects of a provider */
export async function run(called: Called, options: CallLike, stream: boolean): Promise<Answered> {
  const [protocol] = await Promise.all([knownProtocol(called.protocol), sdk.get()])
  const { abortSignal: signal, headers, ...asked } = options
  const body = plain(asked)
  const { options: ours, providerOptions } = divided(body.providerOptions as JsonObject | undefined)
  const { report, result } = called.engine.run({
    protocol,
    model: called.model,
    stream,
    body: compact({ ...body, providerOptions }),
    headers: headersOf(headers),
    options: ours,
    ...(called.target && { target: called.target }),
    ...(signal && { signal }),
  })
  try {
    return { report, result: await result }
  } catch (error) {
    throw await apiError(error, called.model, report.id)
  }
}
