import { LeashLLM } from 'leashllm'
import { block, contentFilter, defineModule } from 'leashllm/modules'

/** Calls of the sales team go to small models. */
const smallForSales = defineModule({
  name: 'small-for-sales',
  version: '1.0.0',
  kind: 'policy',
  when: { tags: { team: 'sales' }, model: { not_in: ['gpt-4o-mini', 'claude-haiku-4-5'] } },
  request: () => block('Sales uses gpt-4o-mini or claude-haiku-4-5.'),
})

const client = new LeashLLM({
  modules: [smallForSales, contentFilter({ keywords: ['bluebird'], message: 'Leave the names of unreleased products out.' })],
})

async function ask(model: string, content: string): Promise<void> {
  try {
    const answer = await client.chat.completions.create(
      { model, messages: [{ role: 'user', content }] },
      { leash: { tags: { team: 'sales' } } },
    )
    console.log(answer.choices[0]?.message.content)
  } catch (error) {
    if (!(error instanceof LeashLLM.PermissionDeniedError)) throw error
    console.log(`refused: ${error.message}`)
  }
}

await ask('gpt-4o-mini', 'Write to a customer.')
await ask('gpt-5', 'Write to a customer.')
await ask('gpt-4o-mini', 'Write of Bluebird to a customer.')
for (const { name, metrics } of await client.leash.modules.list()) console.log(`${name}: ${metrics.blocks} refused`)
await client.leash.close()
