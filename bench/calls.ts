/**
 * CPU per call over a transport in memory, as a ratio to bare `openai`.
 *
 * node bench/calls.ts [rounds]
 */
import { aiSdk, langchain, leashllm, openai } from './contenders.ts'
import { compare, here } from './jobs.ts'
import { inMemory } from './transport.ts'

const rounds = Number(process.argv[2] ?? 41)
const upstream = { fetch: inMemory }

console.log(`CPU per call, in memory: node ${process.version}, ${rounds} interleaved rounds\n`)
await compare([openai(upstream), leashllm(upstream), aiSdk(upstream), langchain(upstream)].map(here), rounds)
