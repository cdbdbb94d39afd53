/** Calls to models, in vendors' own words and in the relay's. */
import * as z from '../../core/shape.js'
import { jobStatuses } from '../jobs/record.js'
import { anything, count, events, type Operations, page, prometheus, text } from './operation.js'

/** Answered by the engine itself, and so known to no router. */
export const modelCalls: Operations = {
  'POST /v1/chat/completions': { does: "Calls a model in OpenAI's words", who: 'call', body: anything },
  'POST /v1/responses': { does: "Calls a model by OpenAI's Responses", who: 'call', body: anything },
  'POST /v1/embeddings': { does: "Embeds texts in OpenAI's words", who: 'call', body: anything },
  'POST /v1/messages': { does: "Calls a model in Anthropic's words", who: 'call', body: anything, fails: 'theirs' },
  'POST /v1beta/models/gemini:generateContent': {
    does: "Calls a model in Google's words",
    who: 'call',
    body: anything,
    path: '/v1beta/models/{model}:generateContent',
    fails: 'theirs',
  },
  'POST /v1beta/models/gemini:streamGenerateContent': {
    does: 'Likewise, as a stream',
    who: 'call',
    body: anything,
    answers: events,
    path: '/v1beta/models/{model}:streamGenerateContent',
    fails: 'theirs',
  },
}

const models = '/v1/models/{model}'
const modelsBeta = '/v1beta/models/{model}'

export const calls: Operations = {
  'GET /v1/models': { does: 'Lists the models that this key may call', who: 'call', fails: 'theirs' },
  'GET /v1/models/*': { does: 'Shows one of them', who: 'call', path: models, fails: 'theirs' },
  'GET /v1beta/models': { does: "Lists them in Google's words", who: 'call', fails: 'theirs' },
  'GET /v1beta/models/*': { does: "Shows one of them in Google's words", who: 'call', path: modelsBeta, fails: 'theirs' },
  'POST /v1/messages/count_tokens': { does: "Counts tokens in Anthropic's words", who: 'call', body: anything, fails: 'theirs' },
  'POST /v1/responses/input_tokens': { does: "Counts tokens in OpenAI's words", who: 'call', body: anything },
  'POST /v1/models/*': {
    does: "Counts tokens in Google's words",
    who: 'call',
    body: anything,
    path: `${models}:countTokens`,
    fails: 'theirs',
  },
  'POST /v1beta/models/*': {
    does: 'Likewise',
    who: 'call',
    body: anything,
    path: `${modelsBeta}:countTokens`,
    fails: 'theirs',
  },
  'POST /v1/gateway/chat': { does: 'Calls a model, and tells what it came to', who: 'call', body: anything },
  'POST /v1/gateway/stream': {
    does: 'Likewise, as a stream that tells what it costs so far',
    who: 'call',
    body: anything,
    answers: events,
  },
  'POST /v1/gateway/dry-run': {
    does: 'Tells who would answer, and what it could cost; nobody is asked',
    who: 'call',
    body: anything,
  },
  'GET /v1/gateway/cache': { does: 'Tells how the cache does', who: 'call' },
  'DELETE /v1/gateway/cache': { does: 'Empties the cache of the tenant', who: 'admin' },
  'POST /v1/gateway/cache': {
    does: 'Makes calls ahead of time, whose answers are then in the cache',
    who: 'admin',
    body: z.strictObject({ requests: z.array(anything).check(z.minLength(1)) }),
  },
  'GET /v1/gateway/health': { does: 'Tells how the targets and providers of the tenant do', who: 'call' },
  'GET /v1/gateway/status': { does: 'Tells whose the key is, and what is left of its budgets', who: 'call' },
  'GET /v1/gateway/metrics': { does: 'What the tenant has used this month, for Prometheus', who: 'call', answers: prometheus },
  'GET /v1/gateway/ws': { does: 'Opens a web socket for a conversation', who: 'call', status: 101, answers: null },
  'POST /v1/gateway/jobs': {
    does: 'Submits a call that nobody waits for',
    who: 'call',
    body: z.strictObject({ request: anything, ttlMs: z.optional(count), callback: z.optional(text) }),
    status: 202,
  },
  'GET /v1/gateway/jobs': {
    does: 'Lists jobs, the newest first',
    who: 'call',
    query: { status: z.optional(z.enum(jobStatuses)), ...page },
  },
  'GET /v1/gateway/jobs/:id': { does: 'Tells how a job does', who: 'call' },
  'GET /v1/gateway/jobs/:id/result': {
    does: 'The answer of a job, or its failure',
    who: 'call',
    also: { 202: 'It is not over yet.' },
  },
  'POST /v1/gateway/jobs/:id/cancel': { does: 'Ends a job', who: 'call' },
  'GET /v1/gateway/jobs/callback-secret': { does: 'What receivers of callbacks know the relay by', who: 'call' },
}

export const clients: Operations = {
  'GET /v1/control/policy': {
    does: 'The policy in force for the key, signed; waits for another while the ETag is known',
    who: 'control',
    query: { wait: z.optional(z.int().check(z.minimum(0), z.maximum(30))) },
    also: { 304: 'No other has come in that time.' },
  },
  'POST /v1/control/leases': {
    does: 'Lends quota',
    who: 'control',
    also: { 402: 'Too little is left: `taken` and `limit` say how much.' },
    body: z.strictObject({ id: z.optional(text), scope: text.check(z.minLength(1)), least: count, wanted: count }),
  },
  'POST /v1/control/leases/settle': {
    does: 'Says what was spent of leases',
    who: 'control',
    body: z.strictObject({
      leases: z.array(z.strictObject({ id: text, spent: z.int().check(z.minimum(0)), beyond: z.optional(z.int()) })),
    }),
    status: 204,
    answers: null,
  },
  'POST /v1/usage': {
    does: 'Takes lines of usage, each of them once',
    who: 'usage',
    body: z.strictObject({ lines: z.array(anything) }),
  },
  'POST /v1/traces': { does: 'Takes traces by OTLP, in JSON or Protocol Buffers', who: 'usage', body: anything },
}
