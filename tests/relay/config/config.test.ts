import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { checkRelayOptions, relayShape } from '../../../src/relay/config/config.js'
import { changesOf, withoutSecrets } from '../../../src/relay/config/diff.js'
import { readConfig } from '../../../src/relay/config/file.js'
import { configSchema } from '../../../src/relay/config/schema.js'

const folder = mkdtempSync(join(tmpdir(), 'leashllm-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(text: string, name = 'leash.yaml'): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** As it is written in YAML, where a variable's name would be taken for JavaScript's. */
const variable = (inside: string) => ['$', '{', inside, '}'].join('')

const quoted = (name: string) => `'${variable(name)}'`

const everything = `
host: 0.0.0.0
port: 4001
workers: 2
folder: /var/lib/leash
database: postgres://leash@db/leash
pepper: 0123456789abcdef0123456789abcdef
policy: { access: { models: { deny: ['ollama/*'] } }, budgets: [{ limit: { usd: 100 }, per: day }], routes: { fast: gpt-4o-mini } }
staleMs: 60000
whenStale: open
leash: { providers: { openai: { apiKey: sk-1 } }, timeouts: { deadlineMs: 300000 } }
tls: { cert: cert.pem, key: key.pem, clientCa: ca.pem }
limits: { bodyBytes: 1000000, headerBytes: 16384, headersMs: 5000, requestMs: 60000 }
throttle: { all: { perSecond: 500 }, address: { perSecond: 20, burst: 100 }, wrongKeys: false }
trustedProxies: [10.0.0.0/8, '::1']
cors: { origins: ['https://app.example.com'] }
metrics: open
`

describe('the configuration', () => {
  test('comes from a file, over which the environment stands', () => {
    const path = file(`port: 1\nfolder: ${variable('HOME')}/x\nhost: ${variable('NOWHERE:-127.0.0.2')}\n`)
    const env = { HOME: '/home/me', LEASH_RELAY_PORT: '2', DATABASE_URL: 'postgres://db', LEASH_RELAY_PEPPER: '1'.repeat(32) }
    expect(readConfig(path, env)).toEqual({
      port: 2,
      folder: '/home/me/x',
      host: '127.0.0.2',
      database: 'postgres://db',
      pepper: '1'.repeat(32),
    })
    expect(readConfig(undefined, { LEASH_RELAY_WORKERS: '3' })).toEqual({ workers: 3 })
  })

  test('names modules by files in a folder beside it', () => {
    const path = file('leash: { modules: [{ file: limit.js, integrity: sha256-abc, options: { most: 3 } }] }\n')
    const module = { file: 'limit.js', integrity: 'sha256-abc', options: { most: 3 }, folder: join(folder, 'modules') }
    expect(readConfig(path, {})).toEqual({ leash: { modules: [module] } })
    expect(() => readConfig(file('leash: { modules: [{ file: limit.js, options: {} }] }\n'), {})).toThrow(
      'leash.modules'.slice(6),
    )
  })

  test('takes secrets from files, and leaves the file of the ledger alone', () => {
    file('s3cret\n', 'secret')
    const path = file('leash: { providers: { openai: { apiKey: { file: secret } } }, ledger: { file: calls.jsonl } }\n')
    expect(readConfig(path, {})).toEqual({
      leash: { providers: { openai: { apiKey: 's3cret' } }, ledger: { file: 'calls.jsonl' } },
    })
    const placed = file(`leash: { ledger: { file: '${variable('LOGS')}/calls.jsonl', keep: ${quoted('KEEP')} } }\n`)
    expect(readConfig(placed, { LOGS: '/var/log', KEEP: '9' }).leash?.ledger).toEqual({ file: '/var/log/calls.jsonl', keep: 9 })
  })

  test.each([
    ['prot: 1', 'unknown option `prot`'],
    ['providers: { openai: { apiKey: a } }', 'Write `providers` below `leash`'],
    ['budgets: []', 'Write `budgets` below `policy`'],
    ['port: 70000', '`port`: must be at most 65535'],
    ['leash: { retri: false }', '`retri`'],
    ['policy: { telemetry: true }', '`telemetry`'],
    ['throttle: { address: { perSecond: 0 } }', '`throttle.address.perSecond`: must be above 0'],
    ['trustedProxies: [10.0.0.0/33]', '`trustedProxies.0`'],
    ['trustedProxies: [proxy.internal]', '`trustedProxies.0`'],
    ['cors: { origins: [https://a.example/path] }', '`cors.origins.0`'],
    ['pepper: short', '`pepper`: must be at least 32'],
    [`host: ${variable('NOWHERE')}`, 'The variable NOWHERE is not set'],
    ['host: { file: nowhere }', 'cannot be read'],
    ['a: [', 'is no YAML'],
    ['- 1', '`options`: must be an object'],
  ])('%s is refused, and what is wrong is named', (text, said) => {
    expect(() => readConfig(file(text), {})).toThrow(said)
  })

  test('reads numbers and the like from variables, and leaves texts alone', () => {
    const env = { PORT: '4001', KEY: '12345', STRICT: 'true', SIZE: '5' }
    const policy = `policy: { strict: ${quoted('STRICT')}, timeouts: { deadlineMs: ${quoted('SIZE')} }, cache: ${quoted('STRICT')} }`
    const path = file(`port: ${quoted('PORT')}\nleash: { providers: { openai: { apiKey: ${quoted('KEY')} } } }\n${policy}\n`)
    expect(readConfig(path, env)).toEqual({
      port: 4001,
      leash: { providers: { openai: { apiKey: '12345' } } },
      policy: { strict: true, timeouts: { deadlineMs: 5 }, cache: true },
    })
  })

  test('reads a choice from a variable, and `false` where it is one', () => {
    const switched = `leash: { retry: ${quoted('OFF')} }\nthrottle: { wrongKeys: ${quoted('OFF')} }\nanomaly: ${quoted('OFF')}\n`
    expect(readConfig(file(`whenStale: ${variable('STALE')}\n${switched}`), { STALE: 'open', OFF: 'false' })).toEqual({
      whenStale: 'open',
      leash: { retry: false },
      throttle: { wrongKeys: false },
      anomaly: false,
    })
  })

  test('is as its page shows it: each example holds, and each option stands in the table', () => {
    const page = readFileSync(new URL('../../../docs/relay/configuration.md', import.meta.url), 'utf8')
    const env = new Proxy<Record<string, string>>({}, { get: (_, name) => (/KEY/.test(String(name)) ? 'a key' : undefined) })
    const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => yaml.replaceAll('/run/secrets', folder))
    file('a key', 'anthropic')
    expect(examples.length).toBeGreaterThan(1)
    for (const example of examples) expect(() => readConfig(file(example), env)).not.toThrow()
    const rows = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/\w+/g)].map(String),
    )
    expect(rows).toEqual(expect.arrayContaining(Object.keys(relayShape.members)))
  })

  test('says what a database or a Redis has to be like, whose variable another program may have set', () => {
    const found = (env: Record<string, string>) => () => readConfig(undefined, env)
    expect(found({ DATABASE_URL: 'mysql://db' })).toThrow('`database`: must be like postgres://user:password@host:5432/name')
    expect(found({ REDIS_URL: '127.0.0.1:6379' })).toThrow('`redis`: must be like redis://host:6379, here or in REDIS_URL')
  })

  test('refuses a variable of the environment like a member of the file', () => {
    expect(() => readConfig(undefined, { LEASH_RELAY_PORT: 'four' })).toThrow('`port`')
  })
})

describe('its JSON Schema', () => {
  const schema = z.fromJSONSchema(configSchema() as Parameters<typeof z.fromJSONSchema>[0])
  const parsed = readConfig(file(everything), {})

  test('knows every member, and takes what the relay takes', () => {
    expect(Object.keys(configSchema().properties as object)).toEqual(expect.arrayContaining(Object.keys(parsed)))
    expect(schema.safeParse(parsed).error).toBeUndefined()
    const written = { pepper: { file: '/run/secrets/pepper' }, port: variable('PORT:-4000'), whenStale: variable('STALE') }
    expect(schema.safeParse({ ...parsed, ...written }).success).toBe(true)
  })

  test.each([
    { prot: 1 },
    { port: 70_000 },
    { port: '4000' },
    { whenStale: 'sometimes' },
    { policy: { telemetry: true } },
    { leash: { retry: { attempts: 0 } } },
    { leash: { slo: { openai: { availability: 1 } } } },
    { policy: { budgets: [{ per: 'day' }] } },
    { policy: { routes: { fast: { targets: [] } } } },
    { throttle: { all: { perSecond: 0 } } },
    { tls: { cert: 'a' } },
  ])('refuses %j, as the relay does', (wrong) => {
    expect(() => checkRelayOptions(wrong)).toThrow()
    expect(schema.safeParse(wrong).success).toBe(false)
  })
})

test('an export for billing goes somewhere: to an address or into a file', () => {
  const billing = { eventName: 'llm_usage' }
  expect(() => checkRelayOptions({ billing })).toThrow('`billing`: has either `url` or `file`')
  expect(() => checkRelayOptions({ billing: { ...billing, url: 'https://example.com', file: 'x' } })).toThrow('either')
  expect(checkRelayOptions({ billing: { ...billing, file: 'x' } })).toEqual({ billing: { ...billing, file: 'x' } })
})

describe('a configuration that is shown', () => {
  test('has no secret in it', () => {
    const shown = withoutSecrets({
      database: 'postgres://leash:s3cret@db/leash',
      pepper: 's3cret',
      leash: {
        providers: {
          openai: { apiKey: 's3cret', headers: { 'x-team': 's3cret' } },
          groq: { keys: ['s3cret', { key: 's3cret', weight: 2 }] },
          bedrock: { accessKeyId: 's3cret', secretAccessKey: 's3cret', region: 'eu-west-1' },
          own: { baseURL: 'https://me:s3cret@host/v1?api_key=s3cret&a=1' },
        },
        tokens: 'exact',
        budgetWebhook: { url: 'https://hooks.example', secret: 's3cret' },
      },
      policy: { redact: { hashKey: 's3cret' }, rateLimit: [{ by: 'key' }] },
    })
    expect(JSON.stringify(shown)).not.toContain('s3cret')
    expect(shown).toMatchObject({
      database: 'postgres://leash:<hidden>@db/leash',
      leash: {
        providers: { bedrock: { region: 'eu-west-1' }, own: { baseURL: 'https://me:<hidden>@host/v1?api_key=<hidden>&a=1' } },
        tokens: 'exact',
      },
      policy: { rateLimit: [{ by: 'key' }] },
    })
  })

  test('beside another tells each member that is not the same, secrets by their place alone', () => {
    const before = { port: 1, leash: { providers: { openai: { apiKey: 'one' }, groq: {} } } }
    const after = { port: 2, leash: { providers: { openai: { apiKey: 'two' }, groq: {} } }, whenStale: 'open' }
    expect(changesOf(before, after)).toEqual([
      { path: 'port', before: 1, after: 2 },
      { path: 'leash.providers.openai.apiKey', before: '<hidden>', after: '<hidden>' },
      { path: 'whenStale', after: 'open' },
    ])
    expect(changesOf(after, after)).toEqual([])
  })
})
