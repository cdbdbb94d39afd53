import { describe, expect, test } from 'vitest'
import { deciding } from '../../../src/middleware/redact/answer.js'
import { findPlaceholders, lookalikes } from '../../../src/middleware/redact/placeholder.js'
import { Strand } from '../../../src/middleware/redact/strand.js'
import { Conversations, Vault } from '../../../src/middleware/redact/vault.js'

/** As a whole text of an answer is. */
function restored(text: string, vault: Vault): string {
  const slot = { text, out: '', isOpen: false }
  new Strand(deciding(vault, undefined, { replaced: {}, annotated: {}, blocked: {} })).finish(slot)
  return slot.out
}

function vaultOf(...values: string[]): Vault {
  const vault = new Vault()
  for (const value of values) vault.placeholder(value, 'EMAIL')
  return vault
}

describe('a placeholder is known again', () => {
  const vault = vaultOf('a@b.com')
  test.each([
    ['as it was', '<EMAIL_1>', 'a@b.com'],
    ['in another case', '<email_1> <Email_1>', 'a@b.com a@b.com'],
    ['wrapped in Markdown', '**<EMAIL_1>** `<EMAIL_1>` [x](mailto:<EMAIL_1>)', '**a@b.com** `a@b.com` [x](mailto:a@b.com)'],
    ['escaped for Markdown', '<EMAIL\\_1> and \\<EMAIL\\_1\\>', 'a@b.com and a@b.com'],
    ['escaped for Markdown at its ends', '\\<EMAIL_1\\>', 'a@b.com'],
    ['escaped for JSON', '\\u003cEMAIL_1\\u003e \\u003CEMAIL_1\\u003E \\\\u003cEMAIL_1\\\\u003e', 'a@b.com a@b.com a@b.com'],
    [
      'escaped for HTML',
      '&lt;EMAIL_1&gt; &#60;EMAIL_1&#62; &#x3C;EMAIL_1&#x3E; &amp;lt;EMAIL_1&amp;gt;',
      'a@b.com a@b.com a@b.com a@b.com',
    ],
    ['in an address', '%3CEMAIL_1%3E %3cemail_1%3e', 'a@b.com a@b.com'],
    ['with another separator, or spaces', '<EMAIL-1> <EMAIL 1> < EMAIL_1 >', 'a@b.com a@b.com a@b.com'],
    ['beside others', '<EMAIL_1><EMAIL_1>>', 'a@b.coma@b.com>'],
    ['behind a backslash that is the text’s own', 'C:\\<EMAIL_1>\\', 'C:\\a@b.com\\'],
  ])('%s', (_, said, expected) => {
    expect(restored(said, vault)).toBe(expected)
  })

  test.each([
    '<EMAIL_2>',
    '<EMAIL_01>',
    '<EMAIL_>',
    '<EMAILS_1>',
    'EMAIL_1',
    '<EMAIL_1',
    '<PHONE_1>',
    '<EMAIL_12>',
    '&lt EMAIL_1',
  ])('what is none stays: %s', (text) => {
    expect(restored(text, vault)).toBe(text)
  })
})

describe('the end of a text', () => {
  const vault = vaultOf('a@b.com')
  test.each([
    '<',
    '<E',
    '<email',
    '<EMAIL_',
    '<EMAIL_1',
    '<EMAIL_1 ',
    '\\',
    '\\u003',
    '\\u003cEMAIL_1\\u00',
    '&',
    '&l',
    '&lt;EM',
    '%3',
    '%3cEMAIL_1%',
    '\\<EMAIL\\_1\\',
    '\\\\\\\\u003cEMAIL\\\\\\\\_1\\\\\\\\u00',
  ])('waits when it may be the beginning of one: %s', (end) => {
    expect(findPlaceholders(`text ${end}`, vault).open).toBe(5)
  })
  test.each(['<d', '<div class="', '<EMAILS', '<EMA_', '<PHONE_', '& ', '&nbsp;', '%4', '<EMAIL_1>', '\\n', '<3'])(
    'does not wait when it cannot: %s',
    (end) => {
      expect(findPlaceholders(`text ${end}`, vault).open).toBe(`text ${end}`.length)
    },
  )
})

describe('the vault', () => {
  test('gives the same value the same placeholder, and another another', () => {
    const vault = new Vault()
    expect(['a', 'b', 'a'].map((value) => vault.placeholder(value, 'EMAIL'))).toEqual(['<EMAIL_1>', '<EMAIL_2>', '<EMAIL_1>'])
    expect(vault.placeholder('c', 'PHONE')).toBe('<PHONE_1>')
  })

  test('gives out no placeholder that the request has already, however it is written there', () => {
    const taken = lookalikes(
      JSON.stringify({ a: '<EMAIL_1> email-2 EMAIL\\_3 &lt;Email 04&gt;', b: '\\\\u003cEMAIL_5\\\\u003e' }),
      new Set(['EMAIL']),
    )
    expect([...taken].sort()).toEqual(['EMAIL_1', 'EMAIL_2', 'EMAIL_3', 'EMAIL_4', 'EMAIL_5'])
    const vault = new Vault()
    vault.avoid('<EMAIL_1> and email_2', ['EMAIL'])
    expect(vault.placeholder('a', 'EMAIL')).toBe('<EMAIL_3>')
    expect(restored('<EMAIL_1> <EMAIL_2> <EMAIL_3>', vault)).toBe('<EMAIL_1> <EMAIL_2> a')
  })

  test('takes no longer for a request with very many of them', () => {
    const vault = new Vault()
    vault.avoid(Array.from({ length: 20_000 }, (_, i) => `EMAIL_${i + 1}`).join(' '), ['EMAIL'])
    for (let i = 0; i < 20_000; i++) vault.placeholder(`value ${i}`, 'EMAIL')
    expect(vault.placeholder('last', 'EMAIL')).toBe('<EMAIL_40001>')
  })

  test('knows nothing any more once the call is over', () => {
    const vault = vaultOf('a@b.com')
    vault.clear()
    expect(restored('<EMAIL_1>', vault)).toBe('<EMAIL_1>')
  })
})

describe('a conversation', () => {
  test('keeps its placeholders from call to call, apart from other tenants and conversations', () => {
    const conversations = new Conversations(10)
    const first = conversations.vaultFor('t', 'c')
    expect(first.placeholder('a', 'EMAIL')).toBe('<EMAIL_1>')
    first.clear()
    const second = conversations.vaultFor('t', 'c')
    expect(second.placeholder('b', 'EMAIL')).toBe('<EMAIL_2>')
    expect(second.placeholder('a', 'EMAIL')).toBe('<EMAIL_1>')
    expect(restored('<EMAIL_1>', conversations.vaultFor('t', 'c'))).toBe('a')
    for (const [tenant, id] of [
      ['u', 'c'],
      ['t', 'd'],
      [undefined, 'c'],
    ] as const)
      expect(restored('<EMAIL_1>', conversations.vaultFor(tenant, id))).toBe('<EMAIL_1>')
  })

  test('gives a value another placeholder once somebody writes the old one himself', () => {
    const conversations = new Conversations(10)
    conversations.vaultFor('t', 'c').placeholder('a', 'EMAIL')
    const vault = conversations.vaultFor('t', 'c')
    vault.avoid('tell me <EMAIL_1>', [])
    expect(restored('<EMAIL_1>', vault)).toBe('<EMAIL_1>')
    expect(vault.placeholder('a', 'EMAIL')).toBe('<EMAIL_2>')
    expect(restored('<EMAIL_1> <EMAIL_2>', vault)).toBe('<EMAIL_1> a')
  })

  test('is forgotten when others have spoken since', () => {
    const conversations = new Conversations(2)
    for (const id of ['a', 'b']) conversations.vaultFor(undefined, id).placeholder(id, 'EMAIL')
    const spoken = conversations.vaultFor(undefined, 'a')
    conversations.vaultFor(undefined, 'c')
    spoken.placeholder('new', 'EMAIL')
    expect(restored('<EMAIL_1> <EMAIL_2>', conversations.vaultFor(undefined, 'a'))).toBe('a new')
    expect(conversations.vaultFor(undefined, 'b').isEmpty).toBe(true)
  })

  test('is forgotten when all of them remember too much', () => {
    const conversations = new Conversations(1000)
    const early = conversations.vaultFor('t', 'early')
    early.placeholder('a', 'EMAIL')
    for (let id = 0; id < 10; id++) {
      const vault = conversations.vaultFor('t', `long ${id}`)
      for (let at = 0; at < 10_001; at++) vault.placeholder(`${id} ${at}`, 'EMAIL')
    }
    expect(conversations.vaultFor('t', 'late').isEmpty).toBe(true)
    // Of one alone, the first ten thousand values.
    expect(restored('<EMAIL_10000> <EMAIL_10001>', conversations.vaultFor('t', 'long 9'))).toBe('9 9999 <EMAIL_10001>')
    // What a call that is under way still finds is its own, and no more remembered.
    early.placeholder('b', 'EMAIL')
    expect(restored('<EMAIL_2>', early)).toBe('b')
    expect(conversations.vaultFor('t', 'early').isEmpty).toBe(true)
    expect(conversations.vaultFor('t', 'long 9').isEmpty).toBe(false)
  })
})
