/** Every provider against the kit that authors of providers use. */
import { describe, expect, test } from 'vitest'
import type { Provider } from '../../src/core/provider.js'
import { anthropic } from '../../src/providers/anthropic.js'
import { azure } from '../../src/providers/azure.js'
import { google } from '../../src/providers/google.js'
import { openai } from '../../src/providers/openai.js'
import { openaiCompatible } from '../../src/providers/openai-compatible.js'
import { type Preset, type PresetName, preset, presets } from '../../src/providers/presets.js'
import { vertex } from '../../src/providers/vertex.js'
import { checkProvider } from '../../src/testing/provider-kit.js'
import { bare } from './upstream.js'

const secret = 'sk-s3cret-0123456789'
const env = bare

const living = (Object.keys(presets) as PresetName[]).filter((name) => (presets[name] as Preset).retired === undefined)

type Subject = readonly [title: string, model: string, make: (apiKey?: string) => Provider, open?: boolean]

const subjects: readonly Subject[] = [
  ['openai', 'gpt-4o', (apiKey) => openai({ apiKey, env })],
  ['azure', 'gpt-4o', (apiKey) => azure({ resource: 'acme', apiKey, env })],
  ['azure, classic', 'gpt-4o', (apiKey) => azure({ resource: 'acme', apiVersion: '2024-10-21', apiKey, env })],
  ['azure, Claude', 'claude-opus-4-6', (apiKey) => azure({ resource: 'acme', apiKey, env })],
  ['anthropic', 'claude-opus-5-5', (apiKey) => anthropic({ apiKey, env })],
  ['google', 'gemini-2.5-flash', (apiKey) => google({ apiKey, env })],
  ['vertex, express', 'gemini-2.5-flash', (apiKey) => vertex({ apiKey, env })],
  ['vertex, Gemini', 'gemini-2.5-flash', (accessToken) => vertex({ ...(accessToken && { project: 'acme' }), accessToken, env })],
  ['vertex, Claude', 'claude-opus-4-6', (accessToken) => vertex({ ...(accessToken && { project: 'acme' }), accessToken, env })],
  ['vertex, Llama', 'meta/llama-4', (accessToken) => vertex({ ...(accessToken && { project: 'acme' }), accessToken, env })],
  ['openaiCompatible', 'm', (apiKey) => openaiCompatible({ name: 'acme', baseURL: 'https://acme.example/v1', apiKey, env })],
  ...living.map((name): Subject => [name, 'org/m', (apiKey) => preset(name, { apiKey, env }), presets[name].keyless ?? false]),
]

describe('the contract of a provider is kept by', () => {
  test.each(subjects.map((subject) => ({ subject, title: subject[0] })))('$title', async ({ subject: [, model, make, open] }) => {
    const results = await checkProvider(make(secret), { model, secret, ...(!open && { unconfigured: () => make() }) })
    expect(results.filter(({ ok }) => !ok)).toEqual([])
    expect(results.length).toBeGreaterThan(10)
  })
})
