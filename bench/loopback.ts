/**
 * CPU per call over a real socket, for a client that is native and takes no `fetch`. The server is a process of its own,
 * so that only the clients' CPU counts: their threads and the kernel's work for them included.
 *
 * node bench/loopback.ts [rounds]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Contender, leashllm, literLlm, openai } from './contenders.ts'
import { compare, here } from './jobs.ts'

const rounds = Number(process.argv[2] ?? 21)
const server = fork(fileURLToPath(new URL('server.ts', import.meta.url)))
const [port] = await once(server, 'message')
const baseURL = `http://127.0.0.1:${port}/v1`

console.log(`CPU per call, over a socket: node ${process.version}, ${rounds} interleaved rounds\n`)
const native = await liter()
try {
  await compare([openai({ baseURL }), leashllm({ baseURL }), ...(native ? [native] : [])].map(here), rounds, 1 / 2)
} finally {
  server.disconnect()
}

async function liter(): Promise<Contender | undefined> {
  try {
    const contender = await literLlm(baseURL)
    await contender.unary('Are you there?')
    return contender
  } catch (error) {
    const why = error instanceof Error ? error.message.split(/\n|, Optional/, 1)[0] : String(error)
    console.log(`SKIPPED: liter-llm is not in the tables below. ${why}`)
    console.log('To have it: npm i --no-save @kreuzberg/liter-llm, on a system that its binary is made for.\n')
    return undefined
  }
}
