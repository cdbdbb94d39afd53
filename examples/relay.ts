import { rmSync } from 'node:fs'
import { LeashLLM } from 'leashllm'
import { startRelay } from 'leashllm/relay'

const folder = '.cache/relay-example'
rmSync(folder, { recursive: true, force: true })
const relay = await startRelay({ port: 0, folder, policy: { budgets: [{ limit: { requests: 3 }, per: 'day' }] } })
const { admin = '', call = '' } = relay.firstKeys ?? {}

// Calls go to the vendor; the relay says how many there may be, and is told what they cost.
const client = new LeashLLM({ relay: { url: relay.url, key: call, folder: false } })
for (let number = 1; number <= 4; number++) {
  const said = await client.chat.completions
    .create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
    .then(
      ({ choices }) => choices[0]?.message.content,
      ({ code }) => code,
    )
  console.log(`call ${number}: ${said}`)
}
await client.leash.close()

const report = await fetch(`${relay.url}/v1/admin/usage?by=tenant,model&format=csv`, {
  headers: { authorization: `Bearer ${admin}` },
})
console.log(await report.text())
await relay.close()
