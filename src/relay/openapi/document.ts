/** Every route of the relay as one OpenAPI document: https://spec.openapis.org/oas/v3.1.1.html */
import { jsonSchemaOf } from '../../config/json-schema.js'
import type { JsonObject } from '../../core/json.js'
import { rights } from '../routes/rights.js'
import { administration } from './administration.js'
import { calls, clients, modelCalls } from './calls.js'
import type { Operation, Operations } from './operation.js'
import { service } from './service.js'

/** In the order in which they are read. */
export const chapters: Readonly<Record<string, Operations>> = {
  'Calls to models': { ...modelCalls, ...calls },
  'Clients in the process': clients,
  Administration: administration,
  'The relay itself': service,
}

/** Of all chapters. */
export const operations: Operations = Object.assign({}, ...Object.values(chapters))

export interface Place {
  readonly method: string
  /** With `{names}` in it. */
  readonly path: string
}

export function placeOf(route: string, { path }: Operation): Place {
  const [method = '', found = ''] = route.split(' ')
  return { method, path: path ?? found.replace(/:(\w+)/g, '{$1}') }
}

let made: JsonObject | undefined

export function document(): JsonObject {
  made ??= {
    openapi: '3.1.0',
    info: {
      title: 'LeashLLM relay',
      version: '1',
      description:
        'The API of each vendor is at `/v1/{provider}/`, under the policy of the key. A failure is `{ "error": { "code", "message" } }`; at vendors\u2019 addresses it has the vendor\u2019s own format.',
    },
    tags: Object.keys(chapters).map((name) => ({ name })),
    paths: paths(),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'A virtual key, or a token from signing in.' },
      },
      responses: {
        ...failures('refused', 'It was refused'),
        ...failures('failed', 'It failed, at the relay or at a provider'),
      },
      schemas: {
        Failure: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message'],
              properties: { code: { type: 'string' }, message: { type: 'string' }, type: { type: 'string' } },
            },
          },
        },
      },
    },
  }
  return made
}

/** In the relay's words, and in those of the vendor whose protocol was spoken. */
function failures(name: string, what: string): JsonObject {
  const ours = { schema: { $ref: '#/components/schemas/Failure' } }
  return {
    [name]: { description: `${what}: \`error.code\` says why.`, content: { 'application/json': ours } },
    [`${name}InTheirs`]: {
      description: `${what}, in the format of the vendor whose protocol it speaks.`,
      content: { 'application/json': {} },
    },
  }
}

function paths(): JsonObject {
  const all: Record<string, JsonObject> = {}
  for (const [tag, chapter] of Object.entries(chapters)) {
    for (const [route, operation] of Object.entries(chapter)) {
      const { method, path } = placeOf(route, operation)
      all[path] = { ...all[path], [method.toLowerCase()]: operationOf(tag, route, operation) }
    }
  }
  return all
}

function operationOf(tag: string, route: string, operation: Operation): JsonObject {
  const { method, path } = placeOf(route, operation)
  const { does, who, body, status = 200, answers = 'application/json', also = {}, fails } = operation
  const words = fails === 'theirs' ? 'InTheirs' : ''
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^a-z0-9]+(\w?)/gi, (_, next: string) => next.toUpperCase())}`,
    summary: does,
    tags: [tag],
    ...(who !== 'everybody' && {
      security: [{ key: [] }],
      description: who === 'role' ? whoMay(route) : `For keys with the scope \`${who}\`.`,
    }),
    parameters: [...inPath(path), ...inQuery(operation)],
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: jsonSchemaOf(body) ?? {} } } } }),
    responses: {
      [String(status)]: { description: 'Done.', ...(answers !== null && { content: { [answers]: {} } }) },
      ...Object.fromEntries(Object.entries(also).map(([status, description]) => [status, { description }])),
      '4XX': { $ref: `#/components/responses/refused${words}` },
      '5XX': { $ref: `#/components/responses/failed${words}` },
    },
  }
}

/** What the guard of the administration goes by. */
function whoMay(route: string): string {
  const right = rights[route.replace(' /v1/admin', ' ')]
  if (right === undefined) return "For the relay's administrators."
  if (right === 'anyone') return 'For every key with the scope `admin` or a role.'
  return `For the relay's administrators, and within their tenant for roles with the right \`${right}\`.`
}

function inPath(path: string): JsonObject[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function inQuery({ query = {} }: Operation): JsonObject[] {
  return Object.entries(query).map(([name, shape]) => ({ name, in: 'query', schema: jsonSchemaOf(shape) ?? {} }))
}
