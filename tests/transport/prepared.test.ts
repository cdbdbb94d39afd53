/** Requests as a provider of somebody's own prepares them. */
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { HttpRequest, Provider } from '../../src/core/provider.js'
import { LeashLLM } from '../../src/index.js'
import { openaiCompatible } from '../../src/providers/openai-compatible.js'
import { create, echo } from '../client/client.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()

type Given = (request: HttpRequest) => HttpRequest | Promise<HttpRequest>

/** As in programs with several contexts, of which each has its own. */
const foreign: PromiseConstructor = runInNewContext('Promise')

function answering(give: Given): LeashLLM {
  const own = openaiCompatible({ name: 'own', baseURL: `${mock.url}/v1`, apiKey: 'k' })
  const prepare: Provider['prepare'] = (wire) => {
    const prepared = own.prepare(wire)
    if (prepared instanceof Promise) throw new Error('Its key is at hand.')
    return give(prepared)
  }
  return new LeashLLM({ providers: { own: { ...own, prepare } } })
}

test.each<[string, Given]>([
  ['at once', (request) => request],
  ['by a promise', async (request) => request],
  ['by a promise of another context', (request) => foreign.resolve(request)],
])('%s are sent', async (_, give) => {
  expect((await create(answering(give), 'own/gpt-4o-mini')).choices[0]?.message.content).toBe(echo)
  expect(mock.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions'])
})
