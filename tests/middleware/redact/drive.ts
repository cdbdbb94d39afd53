/** The layer alone, around a model that is told what to say. */
import type { Call, CallOptions, Result } from '../../../src/core/call.js'
import { Emitter, type LeashEvents } from '../../../src/core/emitter.js'
import { atEnd, type Ending } from '../../../src/core/ending.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { Middleware } from '../../../src/core/middleware.js'
import type { RedactOptions } from '../../../src/middleware/redact/options.js'
import { redact } from '../../../src/middleware/redact.js'
import { type RedactModuleOptions, redact as redactModule } from '../../../src/modules/redact.js'
import { openModules } from '../../../src/modules/registry.js'
import type { Protocol, WireEvent } from '../../../src/protocols/protocol.js'
import { aCall } from '../../helpers/call.js'

export interface Driven {
  readonly layer: Middleware
  readonly policies: LeashEvents['policy'][]
}

export async function drive(options: RedactOptions = {}): Promise<Driven> {
  const emitter = new Emitter()
  const policies: LeashEvents['policy'][] = []
  emitter.on('policy', (event) => policies.push(event))
  return { layer: await redact(options, emitter), policies }
}

/** The same as a module, of which the leash makes a layer. */
export async function driveModule(options: RedactModuleOptions = {}): Promise<Driven> {
  const emitter = new Emitter()
  const policies: LeashEvents['policy'][] = []
  emitter.on('policy', (event) => policies.push(event))
  const find = () => {
    throw new Error('No module goes elsewhere.')
  }
  const { original, redacted } = await openModules([redactModule(options)], { emitter, find })
  return { layer: (next) => original(redacted(next)), policies }
}

export const callOf = (protocol: Protocol, body: JsonObject, options: CallOptions = {}): Call =>
  aCall({ protocol: protocol.name, body, options })

export const whole = (body: unknown): Result => ({ stream: false, status: 200, headers: new Headers(), body })

/** Bytes cut into pieces of these lengths, over and over. */
export function streamed(bytes: Uint8Array, cuts: readonly number[] = [bytes.length], error?: Error): Result {
  async function* body() {
    for (let at = 0, piece = 0; at < bytes.length; piece++) {
      const length = Math.max(1, cuts[piece % cuts.length] ?? 1)
      yield bytes.slice(at, at + length)
      at += length
    }
    if (error) throw error
  }
  return { stream: true, status: 200, headers: new Headers(), body: body() }
}

export const framed = ({ framing }: Protocol, events: readonly WireEvent[]): Uint8Array =>
  Buffer.concat(events.map((event) => framing.frame(event)))

/** All that can be read, and how it ended. */
export async function read(result: Result): Promise<{ bytes: Buffer; pieces: Uint8Array[]; error?: unknown; ending?: Ending }> {
  if (!result.stream) throw new Error('This is no stream.')
  const pieces: Uint8Array[] = []
  const told: { ending?: Ending } = {}
  const { body } = atEnd(result, (ending) => {
    told.ending = ending
  })
  try {
    for await (const piece of body) pieces.push(piece)
    return { bytes: Buffer.concat(pieces), pieces, ...told }
  } catch (error) {
    return { bytes: Buffer.concat(pieces), pieces, error, ...told }
  }
}

export function unframed({ framing }: Protocol, bytes: Uint8Array): WireEvent[] {
  const events: WireEvent[] = []
  const frames = framing.unframer((event) => events.push(event))
  frames.push(bytes)
  frames.end()
  return events
}
