/**
 * Memory of a relay in a process of its own, over thousands of each kind of request, one kind after the other. Of none of them
 * may anything be left.
 *
 * node bench/soak.ts relay [part of the requests, such as 0.1] [kinds, by a part of their names]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startMock } from 'leashllm/testing'
import type { Held } from './held.ts'
import { Door } from './relay-door.ts'
import type { Told } from './relay-hosts.ts'
import { type Kind, kindsOf, slowly } from './relay-kinds.ts'
import { printTable } from './rounds.ts'

/** Requests at once. */
const lanes = 8
/** Bytes that a request may leave behind, beside what is kept of it on purpose. An entry in a map is more. */
const allowed = 100
/** What each request leaves is left in every share of them; what is made once, at whatever time that is, in one. So what seems to grow is looked at again. */
const mostShares = 6

const [, part = '1', ...asked] = process.argv.slice(2)
const vendor = await startMock()
const host = fork(fileURLToPath(new URL('relay-hosts.ts', import.meta.url)), ['all', `${vendor.port}`])
const [{ port, key: call = '', admin = '' }] = (await once(host, 'message')) as [Told]
const door = new Door(port, lanes)

console.log(`Soak of a relay: node ${process.version}, ${lanes} requests at once\n`)
const lines: string[][] = []
const faults: string[] = []
for (const kind of await kindsOf(door, { admin, call })) {
  const { name, keeps = 0 } = kind
  if (asked.length > 0 && !asked.some((part) => name.includes(part))) continue
  const requests = Math.ceil(kind.requests * Number(part))
  // The first are not counted: by them, code is compiled and caches are filled.
  const start = await afterSome(kind, requests)
  let [end, left, shares] = [start, Number.POSITIVE_INFINITY, 0]
  while (shares < 2 || (shares < mostShares && left > allowed + keeps)) {
    const before = end
    end = await afterSome(kind, requests)
    left = Math.min(left, (bytesIn(end) - bytesIn(before)) / requests)
    shares++
  }
  const isFlat = left <= allowed + keeps && end.files <= start.files + 2 * lanes
  lines.push([
    name,
    `${shares * requests}`,
    ...[start, end].map((held) => `${(bytesIn(held) / 1e6).toFixed(2)} MB`),
    left.toFixed(0),
    `${end.files}`,
    isFlat ? '' : 'GROWS',
  ])
  if (!isFlat) faults.push(name)
}
printTable(['', 'requests', 'memory at start', 'end', 'bytes per request', 'open files', ''], lines)
console.log(faults.length === 0 ? 'FLAT' : `NOT FLAT: ${faults.join(', ')}`)
process.exitCode = faults.length === 0 ? 0 : 1
host.disconnect()
await Promise.all([door.close(), vendor.close()])

function bytesIn({ heap, outside }: Held): number {
  return heap + outside
}

/** @returns what the relay holds when it has answered them */
async function afterSome({ run, atOnce = lanes }: Kind, requests: number): Promise<Held> {
  // It remembers what it was asked.
  vendor.reset()
  vendor.script({ when: ({ text }) => text.includes(slowly), chunkDelayMs: 5 })
  let left = requests
  const lane = async () => {
    while (left-- > 0) await run()
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  host.send('held')
  const [held] = await once(host, 'message')
  return held
}
