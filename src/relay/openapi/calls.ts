/** Calls to models, in vendors' own words and in the relay's. */
import * as z from '../../core/shape.js'
import { jobStatuses } from '../jobs/record.js'
import { anything, count, events, type Operations, page, prometheus, text } from './operation.js'

/** Answered by the engine itself, and so known to no router. */
export const modelCalls: Operations = {
  'POST /v1/chat/completions': { does: "Calls a model, in OpenAI's format", who: 'call', body: anything },
  'POST /v1/responses': { does: "Calls a model, in the format of OpenAI's Responses", who: 'call', body: anything },
  'POST /v1/embeddings': { does: "Embeds texts, in OpenAI's format", who: 'call', body: anything },
  'POST /v1/messages': { does: "Calls a model, in Anthropic's format", who: 'call', body: anything, fails: 'theirs' },
  'POST /v1beta/models/gemini:generateContent': {
    does: "Calls a model, in Google's format",
    who: 'call',
    body: anything,
    path: '/v1beta/models/{model}:generateContent',
    fails: 'theirs',
  },
  'POST /v1beta/models/gemini:streamGenerateContent': {
    does: "Calls a model for a stream, in Google's format",
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
  'GET /v1/models/*': { does: 'Shows one model', who: 'call', path: models, fails: 'theirs' },
  'GET /v1beta/models': { does: "Lists these models, in Google's format", who: 'call', fails: 'theirs' },
  'GET /v1beta/models/*': { does: "Shows one model, in Google's format", who: 'call', path: modelsBeta, fails: 'theirs' },
  'POST /v1/messages/count_tokens': {
    does: "Counts the tokens of a request, in Anthropic's format",
    who: 'call',
    body: anything,
    fails: 'theirs',
  },
  'POST /v1/responses/input_tokens': { does: "Counts the tokens of a request, in OpenAI's format", who: 'call', body: anything },
  'POST /v1/models/*': {
    does: "Counts the tokens of a request, in Google's format",
    who: 'call',
    body: anything,
    path: `${models}:countTokens`,
    fails: 'theirs',
  },
  'POST /v1beta/models/*': {
    does: "Counts the tokens of a request, in Google's format",
    who: 'call',
    body: anything,
    path: `${modelsBeta}:countTokens`,
    fails: 'theirs',
  },
  'POST /v1/gateway/chat': { does: 'Calls a model, and reports who answered and what it cost', who: 'call', body: anything },
  'POST /v1/gateway/stream': {
    does: 'Calls a model for a stream, with its cost so far in each event',
    who: 'call',
    body: anything,
    answers: events,
  },
  'POST /v1/gateway/dry-run': {
    does: 'Tells which target would be asked and what it could cost; sends nothing',
    who: 'call',
    body: anything,
  },
  'GET /v1/gateway/cache': { does: 'Statistics of the cache', who: 'call' },
  'DELETE /v1/gateway/cache': { does: 'Clears the cache of the tenant', who: 'admin' },
  'POST /v1/gateway/cache': {
    does: 'Warms the cache by calls whose answers are kept in it',
    who: 'admin',
    body: z.strictObject({ requests: z.array(anything).check(z.minLength(1)) }),
  },
  'GET /v1/gateway/health': { does: 'Health of the targets and providers of the tenant', who: 'call' },
  'GET /v1/gateway/status': { does: 'Tells whose the key is, and how much of its budgets is used', who: 'call' },
  'GET /v1/gateway/metrics': { does: 'Usage of the tenant in this month, for Prometheus', who: 'call', answers: prometheus },
  'GET /v1/gateway/ws': { does: 'Opens a web socket for a conversation', who: 'call', status: 101, answers: null },
  'POST /v1/gateway/jobs': {
    does: 'Submits a job: a call in the background',
    who: 'call',
    body: z.strictObject({ request: anything, ttlMs: z.optional(count), callback: z.optional(text) }),
    status: 202,
  },
  'GET /v1/gateway/jobs': {
    does: 'Lists jobs, newest first',
    who: 'call',
    query: { status: z.optional(z.enum(jobStatuses)), ...page },
  },
  'GET /v1/gateway/jobs/:id': { does: 'Shows the status of a job', who: 'call' },
  'GET /v1/gateway/jobs/:id/result': {
    does: 'Shows the answer of a job, or its failure',
    who: 'call',
    also: { 202: 'It is not over yet.' },
  },
  'POST /v1/gateway/jobs/:id/cancel': { does: 'Cancels a job', who: 'call' },
  'GET /v1/gateway/jobs/callback-secret': { does: "Shows the secret that signs the tenant's callbacks", who: 'call' },
}

export const clients: Operations = {
  'GET /v1/control/policy': {
    does: 'Shows the signed policy in force for the key; with its ETag, waits for the next one',
    who: 'control',
    query: { wait: z.optional(z.int().check(z.minimum(0), z.maximum(30))) },
    also: { 304: 'It has not changed in that time.' },
  },
  'POST /v1/control/leases': {
    does: 'Lends quota',
    who: 'control',
    also: { 402: 'Too little is left: `taken` and `limit` say how much.' },
    body: z.strictObject({ id: z.optional(text), scope: text.check(z.minLength(1)), least: count, wanted: count }),
  },
  'POST /v1/control/leases/settle': {
    does: 'Settles leases by what was spent',
    who: 'control',
    body: z.strictObject({
      leases: z.array(z.strictObject({ id: text, spent: z.int().check(z.minimum(0)), beyond: z.optional(z.int()) })),
    }),
    status: 204,
    answers: null,
  },
  'POST /v1/usage': {
    does: 'Takes lines of usage; each counts once',
    who: 'usage',
    body: z.strictObject({ lines: z.array(anything) }),
  },
  'POST /v1/traces': { does: 'Takes traces by OTLP, in JSON or Protocol Buffers', who: 'usage', body: anything },
}
