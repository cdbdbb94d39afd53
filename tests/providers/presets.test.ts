import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Traits } from '../../src/core/provider.js'
import { type Preset, type PresetName, preset, presets } from '../../src/providers/presets.js'
import { root } from '../helpers/source.js'
import { bare, sent, upstream, wire } from './upstream.js'

const names = Object.keys(presets) as PresetName[]
const entry = (name: PresetName): Preset => presets[name]
const living = names.filter((name) => entry(name).retired === undefined)
/** They are for readers alone, and stand in comments: no program is to carry them. */
const pages: Readonly<Record<string, readonly [title: string, page: string]>> = Object.fromEntries(
  [
    ...readFileSync(join(root, 'src/providers/presets.ts'), 'utf8').matchAll(
      /^ {2}'?([\w-]+)'?: \{\n {4}\/\/ (.+): (https:\S+)$/gm,
    ),
  ].map(([, name = '', title = '', page = '']) => [name, [title, page]]),
)

describe.each(living)('the preset %s', (name) => {
  const { keys, keyless, baseURL } = entry(name)

  test('reaches its vendor with its key, in each of its protocols', async () => {
    const provider = preset(name, { apiKey: 'k', env: bare })
    expect(provider.name).toBe(name)
    for (const protocol of provider.protocols) {
      const { url, headers } = await provider.prepare(wire({ protocol, model: 'm' }))
      expect(url.startsWith(`${baseURL}/`)).toBe(true)
      expect(headers.authorization).toBe('Bearer k')
    }
  })

  test('reads its key from the variable of its vendor', async () => {
    for (const variable of keys) {
      const provider = preset(name, { env: { [variable]: 'from-env' } })
      expect(provider.missing()).toBeUndefined()
      const { headers } = await provider.prepare(wire({ protocol: provider.protocols[0] ?? '', model: 'm' }))
      expect(headers.authorization).toBe('Bearer from-env')
    }
    const without = preset(name, { env: bare }).missing()
    if (keyless) expect(without).toBeUndefined()
    else expect(without).toContain(keys[0])
  })

  test('is answered elsewhere when told so', async () => {
    await using server = await upstream()
    const provider = preset(name, { apiKey: 'k', baseURL: `${server.url}/v9`, env: bare })
    const protocol = provider.protocols[0] ?? ''
    expect((await sent(provider, wire({ protocol, model: 'm' }), server)).path).toMatch(/^\/v9\/(chat\/completions|responses)$/)
  })

  test('names the page that it follows', () => {
    expect(URL.canParse(pages[name]?.[1] ?? '')).toBe(true)
  })
})

describe('the table', () => {
  test('holds what it says it holds', () => {
    expect(names).toEqual(
      'mistral groq deepseek xai together fireworks openrouter cerebras perplexity cohere huggingface nvidia github-models moonshot ollama vllm lmstudio llamacpp'.split(
        ' ',
      ),
    )
    expect(() => preset('constructor' as PresetName)).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })

  test.each<[PresetName, string, Traits]>([
    [
      'mistral',
      'mistral-large-latest',
      {
        maxTokensField: 'max_tokens',
        systemRole: 'system',
        requiredToolChoice: 'any',
        shortCallIds: true,
        reasoningEffort: false,
        streamUsage: 'always',
      },
    ],
    ['mistral', 'mistral-small-latest', { reasoningEffort: true, requiredToolChoice: 'any' }],
    ['groq', 'llama-3.3-70b-versatile', { structuredOutput: 'json', reasoningEffort: false }],
    ['groq', 'openai/gpt-oss-120b', { structuredOutput: 'json-schema', reasoningEffort: true }],
    ['deepseek', 'deepseek-v4-pro', { structuredOutput: 'json', maxTokensField: 'max_tokens' }],
    ['xai', 'grok-4.3', { refuses: ['presence_penalty', 'frequency_penalty', 'stop', 'logit_bias'] }],
    ['xai', 'grok-4.20-reasoning', { reasoningEffort: false }],
    ['xai', 'grok-4.20-non-reasoning', { refuses: ['logit_bias'], reasoningEffort: false }],
    ['moonshot', 'moonshot-v1-128k', { structuredOutput: 'json', imageUrls: false }],
    ['moonshot', 'kimi-k3', { structuredOutput: 'json-schema', reasoningEffort: true }],
    ['moonshot', 'kimi-k2.6', { structuredOutput: 'json-schema', reasoningEffort: false }],
    ['ollama', 'llama3.2:latest', { imageUrls: false, systemRole: 'system', maxTokensField: 'max_tokens' }],
  ])('%s knows %s', (name, model, traits) => {
    expect(preset(name, { env: bare }).traits(model)).toMatchObject(traits)
  })

  test('Kimi samples by itself, the older Moonshot models as they are told', () => {
    expect(preset('moonshot', { env: bare }).traits('kimi-k2.6').refuses).toEqual(
      expect.arrayContaining(['temperature', 'top_p']),
    )
    expect(preset('moonshot', { env: bare }).traits('moonshot-v1-8k').refuses).not.toContain('temperature')
  })

  test('Together has addresses that hold calls to a country', () => {
    const inRegion = (baseURL?: string) => preset('together', { ...(baseURL && { baseURL }), env: bare }).inRegion?.()
    expect(['https://us-api.together.ai/v1', 'https://ca-api.together.ai/v1'].map(inRegion)).toEqual([true, true])
    expect([inRegion(), inRegion('https://my-api.example/v1')]).toEqual([false, false])
  })

  test("the user's traits stand above the table's", () => {
    expect(preset('groq', { traits: { structuredOutput: 'json-schema' }, env: bare }).traits('m')).toMatchObject({
      structuredOutput: 'json-schema',
      systemRole: 'system',
    })
  })

  test("Perplexity's own models get its name in front, others keep theirs", async () => {
    await using server = await upstream()
    const provider = preset('perplexity', { apiKey: 'k', baseURL: server.url, env: bare })
    const ask = (model: string) =>
      sent(provider, wire({ protocol: 'openai-responses', model, body: { model, input: 'hi' }, text: 'unchanged' }), server)
    expect((await ask('sonar')).body).toBe('{"model":"perplexity/sonar","input":"hi"}')
    expect((await ask('openai/gpt-5.5')).body).toBe('unchanged')
  })

  test('a vendor that is gone says so, unless somebody else serves its API', async () => {
    const gone = preset('github-models', { apiKey: 'k', env: bare })
    expect(gone.missing()).toContain('2026-07-30')
    expect(() => gone.prepare(wire({ protocol: 'openai-chat', model: 'm' }))).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    )
    const elsewhere = preset('github-models', { apiKey: 'k', baseURL: 'https://models.example/inference', env: bare })
    expect(elsewhere.missing()).toBeUndefined()
    expect((await elsewhere.prepare(wire({ protocol: 'openai-chat', model: 'm' }))).url).toBe(
      'https://models.example/inference/chat/completions',
    )
  })
})

describe('OLLAMA_HOST', () => {
  test.each([
    ['127.0.0.1:11434', 'http://127.0.0.1:11434/v1'],
    ['0.0.0.0', 'http://127.0.0.1:11434/v1'],
    ['0.0.0.0:8080', 'http://127.0.0.1:8080/v1'],
    ['http://[::]:11434', 'http://127.0.0.1:11434/v1'],
    [':5000', 'http://127.0.0.1:5000/v1'],
    ['gpu-7', 'http://gpu-7:11434/v1'],
    ['http://gpu-7', 'http://gpu-7:80/v1'],
    ['https://ollama.example', 'https://ollama.example:443/v1'],
    ['https://ollama.example:8443/proxy/', 'https://ollama.example:8443/proxy/v1'],
    ['https://ollama.com/v1', 'https://ollama.com:443/v1'],
    ['[::1]:11434', 'http://[::1]:11434/v1'],
  ])('%s means %s', async (host, base) => {
    const { url } = await preset('ollama', { env: { OLLAMA_HOST: host } }).prepare(wire({ protocol: 'openai-chat', model: 'm' }))
    expect(url).toBe(new URL(`${base}/chat/completions`).href)
  })

  test('one that cannot be read is refused', () => {
    expect(() =>
      preset('ollama', { env: { OLLAMA_HOST: 'a b:c' } }).prepare(wire({ protocol: 'openai-chat', model: 'm' })),
    ).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })
})

test.each(['mistral', 'groq', 'cerebras', 'cohere'] as const)(
  '%s, which refuses members that it does not know, is sent none of other vendors',
  (name) => {
    const foreign = [
      'reasoning_content',
      'reasoning_details',
      'extra_content',
      'images',
      'cache_control',
      'annotations',
      'refusal',
    ]
    expect(preset(name).traits('m').refuses).toEqual(expect.arrayContaining(foreign))
  },
)

/** Run with UPDATE_DOCS=1 to write the table anew. */
test('the documentation shows this very table', () => {
  const page = join(root, 'docs/providers/openai-compatible.md')
  const text = readFileSync(page, 'utf8')
  const marks = /(<!-- presets -->\n)[\s\S]*(<!-- \/presets -->)/
  const shown = text.replace(marks, (_, begin: string, end: string) => `${begin}${documented()}${end}`)
  if (process.env.UPDATE_DOCS) writeFileSync(page, shown)
  expect(shown).toContain(documented())
  expect(text, 'run UPDATE_DOCS=1 npx vitest run tests/providers/presets.test.ts').toBe(shown)
})

function documented(): string {
  const rows = names.map((name) => {
    const { baseURL, keys, keyless, protocols, traits = {}, models = [], baseVariable, retired } = entry(name)
    const variables = [...keys, ...(baseVariable ? [baseVariable.name] : [])].map((key) => `\`${key}\``).join(', ')
    const spoken = (protocols ?? ['openai-chat', 'openai-embeddings'])
      .map((protocol) => protocol.replace('openai-', ''))
      .join(', ')
    const quirks = [
      quirksOf(traits),
      ...models.map(([matching, own]) => `\`${matching.source.replaceAll('|', '\\|')}\`: ${quirksOf(own)}`),
    ]
      .filter(Boolean)
      .join('<br>')
    const key = keyless ? `none needed (${variables})` : variables
    const [title, page] = pages[name] ?? []
    return `| [${title}](${page}) | \`${name}\` | \`${baseURL}\` | ${key} | ${spoken} | ${retired ? `**retired ${retired}**` : quirks} |\n`
  })
  return `| vendor | name | base URL | key | speaks | declared quirks |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('')}`
}

function quirksOf(traits: Traits): string {
  return Object.entries(traits)
    .map(
      ([trait, value]) => `${trait} ${Array.isArray(value) ? value.map((member) => `\`${member}\``).join(' ') : `\`${value}\``}`,
    )
    .join('; ')
}
