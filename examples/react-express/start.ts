import { createLeash } from 'leashllm/leash'
import { bundlePage } from './page.ts'
import { createServer } from './server.ts'

const leash = createLeash({ budgets: [{ limit: { usd: 1 }, per: 'day' }], timeouts: { attemptMs: 60_000 } })
leash.on('result', ({ provider, model, cost }) => console.log(provider, model, `${cost?.usd ?? 'unknown'} $`))

const port = Number(process.env.PORT ?? 3000)
const app = createServer({ leash, files: await bundlePage(), key: process.env.LLM_KEY })
app.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`))
