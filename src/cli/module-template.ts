/** What `leash module new` writes: a policy that works, to be made into what is wanted. */

export function moduleText(name: string): string {
  return `import { block, defineModule } from 'leashllm/modules'

/** Refuses requests that are longer than it is told. */
export const ${nameIn(name)} = defineModule({
  name: '${name}',
  version: '1.0.0',
  // inspector, policy, transformer or sink
  kind: 'policy',
  request({ texts }) {
    const length = texts.reduce((sum, { text }) => sum + text.length, 0)
    return length > 10_000 ? block('The request is too long. Send at most 10000 characters.') : undefined
  },
})

/** What a relay takes from the file. */
export default ${nameIn(name)}
`
}

export function testText(name: string): string {
  return `import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLeash } from 'leashllm/leash'
import { mockProviders, startMock } from 'leashllm/testing'
import { ${nameIn(name)} } from './${name}.ts'

let mock: Awaited<ReturnType<typeof startMock>>
before(async () => {
  mock = await startMock()
})
after(() => mock.close())

async function ask(content: string): Promise<Response> {
  const leash = createLeash({ providers: mockProviders(mock.url), modules: [${nameIn(name)}] })
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] })
  const url = 'http://leash.local/v1/chat/completions'
  const response = await leash.handle(new Request(url, { method: 'POST', body }))
  await leash.close()
  return response
}

test('lets a call pass', async () => {
  assert.equal((await ask('Hello')).status, 200)
})

test('refuses a call, in its own words', async () => {
  const response = await ask('Hello '.repeat(10_000))
  assert.equal(response.status, 403)
  assert.match(await response.text(), /too long/)
})
`
}

/** `no-codenames` as a variable, which no word of the language can be. */
const nameIn = (name: string) => `${name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())}Module`
