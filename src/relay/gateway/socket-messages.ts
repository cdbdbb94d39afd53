/** What a client may say over a web socket. */
import { LeashError } from '../../core/errors.js'
import { asObject, isObject, type JsonObject, parseJson } from '../../core/json.js'
import * as z from '../../core/shape.js'
import { isTooDeep } from '../../core/too-deep.js'

export interface Said {
  readonly type: 'message'
  readonly messages: readonly JsonObject[]
  /** Absent: the same as before. */
  readonly model?: string
  /** Other members of the request: `temperature`, `tools` … They hold until others come. */
  readonly options?: JsonObject
  readonly leash?: unknown
}

export type FromClient = Said | { readonly type: 'cancel' } | { readonly type: 'reset' }

const object = z.custom(isObject, 'an object')
const said = z.strictObject({
  type: z.enum(['message', 'cancel', 'reset']),
  content: z.optional(z.union([z.string(), z.array(object)])),
  messages: z.optional(z.array(object).check((list: unknown[]) => (list.length === 0 ? 'has at least one' : undefined))),
  model: z.optional(z.string().check(z.minLength(1))),
  options: z.optional(object),
  leash: z.optional(object),
})

/** The conversation itself, and how it is told, are not the caller's to say. It goes on with one answer, and not with several. */
const ours = ['messages', 'model', 'stream', 'leash', 'n']

/** @throws LeashError `invalid_request` */
export function readMessage(text: string): FromClient {
  const message = asObject(parseJson(text))
  if (isTooDeep(message)) throw wrong('it is nested too deeply')
  if (message.type === 'cancel' || message.type === 'reset') return { type: message.type }
  const [fault] = said.faults(message, [])
  if (fault) throw wrong(z.told(fault))
  const { content, messages, model, options, leash } = message
  if ((content === undefined) === (messages === undefined)) throw wrong('a message has either `content` or `messages`')
  const strange = Object.keys(asObject(options)).find((name) => ours.includes(name))
  if (strange !== undefined) throw wrong(`\`options\` has no \`${strange}\``)
  return {
    type: 'message',
    messages: (messages ?? [{ role: 'user', content }]) as JsonObject[],
    ...(model !== undefined && { model: model as string }),
    ...(options !== undefined && { options: options as JsonObject }),
    ...(leash !== undefined && { leash }),
  }
}

const wrong = (why: string) => new LeashError('invalid_request', `The message is not understood: ${why.slice(0, 300)}.`)
