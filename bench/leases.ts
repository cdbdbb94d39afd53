/**
 * What a budget that is leased from a relay costs a call in the process, beside one that the process holds by itself, and none:
 * CPU per call over a transport in memory. The relays are processes of their own.
 *
 * node bench/leases.ts [rounds]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Contender, leashllm } from './contenders.ts'
import type { Told } from './relay-hosts.ts'
import { cpuPerCall, inRounds, printRows, quantile } from './rounds.ts'
import { inMemory } from './transport.ts'

const rounds = Number(process.argv[2] ?? 41)
const calls = 400
const prompt = 'Say a hundred words.'

const hosts = await Promise.all(['relay', 'budget'].map(started))
const [plain, budget] = hosts.map(({ told: { port, key = '' } }) => ({
  url: `http://127.0.0.1:${port}`,
  key,
  folder: false as const,
}))
if (!plain || !budget) throw new Error('Two relays are needed.')
const fetch = inMemory
const held = { budgets: [{ limit: { usd: 1_000_000 }, per: 'day' as const }] }
const contenders: Contender[] = [
  { ...leashllm({ fetch, relay: plain }), name: 'a relay, no budget' },
  { ...leashllm({ fetch, relay: budget }), name: 'a relay, leased budget' },
  { ...leashllm({ fetch, relay: false }), name: 'no relay, no budget' },
  { ...leashllm({ fetch, relay: false, ...held }), name: 'no relay, own budget' },
]

console.log(`CPU per call under a relay, in memory: node ${process.version}, ${rounds} interleaved rounds\n`)
// V8 compiles in threads whose CPU counts too: what is compared is what comes after.
for (const { unary } of contenders) await cpuPerCall(40 * calls, () => unary(prompt))
const rows = await inRounds(rounds, contenders, ({ unary }) => cpuPerCall(calls, () => unary(prompt)))
printRows('unary', 'µs', rows)
const [none = 0, leased = 0, without = 0, own = 0] = rows.map(({ values }) => quantile(values, 0.5))
const shown = (us: number) => `${us.toFixed(1)} µs`
console.log(
  `A leased budget adds ${shown(leased - none)}, and one of the process's own ${shown(own - without)}: the lease is ${shown(leased - none - (own - without))} of it.`,
)
for (const { child } of hosts) child.disconnect()
process.exit()

async function started(role: string): Promise<{ told: Told; child: ReturnType<typeof fork> }> {
  const child = fork(fileURLToPath(new URL('relay-hosts.ts', import.meta.url)), [role, '9'])
  const [told] = await once(child, 'message')
  return { told, child }
}
