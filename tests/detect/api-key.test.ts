import { crc32 as zlibCrc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { detect } from '../../src/detect/index.js'
import { expectFound } from './expect-found.js'

/** Characters that look drawn, and are not a key of anybody: put together here so that no scanner of secrets takes this file for a leak. */
const drawn = 'q7Zp2XvL9mKd4Tc8Rb6Wn3Yf5Hs1JgQ0a7Zp2XvL9mKd4Tc8Rb6Wn3Yf5Hs1JgQ0aq7Zp2XvL9mKd4Tc8Rb6Wn3Yf5Hs1'
const hex = '9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0'
const capitals = 'Q7ZP2XVL9MKD4TC8RB6W'

const keys: Readonly<Record<string, string>> = {
  AWS: `AKIA${capitals.slice(0, 16)}`,
  'AWS, temporary': `ASIA${capitals.slice(0, 16)}`,
  Google: `AIza${drawn.slice(0, 35)}`,
  'Google, client secret': `GOCSPX-${drawn.slice(0, 28)}`,
  'GitHub, fine-grained': `github_pat_${drawn.slice(0, 82)}`,
  GitLab: `glpat-${drawn.slice(0, 20)}`,
  Anthropic: `sk-ant-api03-${drawn.slice(0, 80)}`,
  'OpenAI, project': `sk-proj-${drawn.slice(0, 48)}`,
  'OpenAI, older': `sk-${drawn.slice(0, 48)}`,
  Groq: `gsk_${drawn.slice(0, 52)}`,
  'Hugging Face': `hf_${drawn.slice(0, 34)}`,
  Stripe: `sk_live_${drawn.slice(0, 24)}`,
  'Stripe, restricted': `rk_test_${drawn.slice(0, 24)}`,
  'Slack, bot': `xoxb-2345678901-2345678901-${drawn.slice(0, 24)}`,
  'Slack, app': `xapp-1-A0123-${drawn.slice(0, 40)}`,
  SendGrid: `SG.${drawn.slice(0, 22)}.${drawn.slice(0, 43)}`,
  Shopify: `shpat_${hex.slice(0, 32)}`,
  DigitalOcean: `dop_v1_${hex}`,
  Vault: `hvs.${drawn.slice(0, 90)}`,
  Telegram: `123456789:AA${drawn.slice(0, 33)}`,
  'Azure, client secret': `abc8Q~${drawn.slice(0, 34)}`,
}

for (const [name, key] of Object.entries(keys)) {
  test(`a key is found whole: ${name}`, () => {
    expectFound([`{{API_KEY|${key}}}`, `key {{API_KEY|${key}}}.`, `"{{API_KEY|${key}}}",`, String.raw`\n{{API_KEY|${key}}}\n`])
  })
}

test('one with no digit is found as well', () => {
  expectFound(['{{API_KEY|AKIAQZPXVLMKDTCRBWNF}}', '{{API_KEY|sk_live_qZpXvLmKdTcRbWnYfHsJgQaz}}'])
})

test('GitHub’s checksum makes a token sure, and its absence less so', () => {
  const body = drawn.slice(0, 30)
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  let rest = zlibCrc32(body)
  let sum = ''
  for (let place = 0; place < 6; place++, rest = Math.floor(rest / 62)) sum = digits.charAt(rest % 62) + sum
  expect(detect(`ghp_${body}${sum}`)[0]?.confidence).toBe(0.99)
  expect(detect(`ghp_${body}000000`)[0]?.confidence).toBe(0.85)
})

test('a bot of Telegram has eight digits to ten', () => {
  const key = `AA${drawn.slice(0, 33)}`
  expectFound([`{{API_KEY|12345678:${key}}}`, `{{API_KEY|1234567890:${key}}}`])
  for (const digits of ['1234567', '12345678901']) expectFound([`${digits}:${key}`])
})

test('a place for a key is left', () => {
  expectFound(['AKIAABCDEABCDEABCDEA', '{{API_KEY|AKIAABCDEFABCDEFABCD}}'])
  expectFound([`AKIA${'X'.repeat(16)}`, `ghp_${'x'.repeat(36)}`, `sk-${'0'.repeat(48)}`, 'sk-your-api-key-goes-here-please'])
})

test('a word that begins as a key does is left', () => {
  expectFound([
    'sk-learn-pipeline-builder-with-names',
    'task-force-number-one-and-two',
    'key-value-store-implementation-12',
    'SKU1234567890',
  ])
})
