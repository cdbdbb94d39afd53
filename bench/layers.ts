/**
 * CPU per call over a transport in memory with every layer on that keeps calls alive, as a ratio to the Vercel AI SDK, which
 * has the least of them.
 *
 * node bench/layers.ts [rounds]
 */
import { aiSdk, layered, leashllm, openai } from './contenders.ts'
import { compare, here } from './jobs.ts'
import { inMemory } from './transport.ts'

const rounds = Number(process.argv[2] ?? 41)
const upstream = { fetch: inMemory }

console.log(`CPU per call with all layers on, in memory: node ${process.version}, ${rounds} interleaved rounds\n`)
await compare([aiSdk(upstream), layered(upstream), leashllm(upstream), openai(upstream)].map(here), rounds)
