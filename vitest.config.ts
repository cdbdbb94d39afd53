import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The package's own name, resolved to its source: unit tests need no build. */
const alias = [
  { find: /^leashllm$/, replacement: file('./src/index.ts') },
  { find: /^leashllm\/ai-sdk$/, replacement: file('./src/integrations/ai-sdk.ts') },
  { find: /^leashllm\/leash$/, replacement: file('./src/leash.ts') },
  { find: /^leashllm\/express$/, replacement: file('./src/integrations/express.ts') },
  { find: /^leashllm\/modules$/, replacement: file('./src/modules/index.ts') },
  { find: /^leashllm\/langchain$/, replacement: file('./src/integrations/langchain.ts') },
  { find: /^leashllm\/relay$/, replacement: file('./src/relay/relay.ts') },
  { find: /^leashllm\/stores$/, replacement: file('./src/stores/index.ts') },
  { find: /^leashllm\/testing$/, replacement: file('./src/testing/index.ts') },
]

/** The older major of OpenAI's SDK in place of the newer. */
const olderOpenAI = [{ find: /^openai(?=$|\/)/, replacement: 'openai-6' }]

/** Tests of what is shipped rather than of the source: they need `dist`, and make it when it is out of date. */
const shipped = ['tests/package/**/*.test.ts', 'tests/docs/{code-blocks,commands}.test.ts', 'tests/examples/next-app.test.ts']

/** What a machine says of vendors, relays, databases and the way to them is its own: tests meet nothing but what they say themselves. */
const ofTheMachine =
  /_(?:BASE_URL|ENDPOINT|HOST|KEY|PASSWORD|PROXY|SECRET|TOKEN)$|^(?:ANTHROPIC|AWS|AZURE|CLOUD|CLOUDSDK|GCE|GEMINI|GOOGLE|LANGCHAIN|LANGSMITH|LEASH_RELAY|OPENAI|OTEL)_|^(?:DATABASE_URL|GCLOUD_PROJECT|NODE_USE_ENV_PROXY|PG[A-Z]+|REDIS_URL)$/i
for (const name of Object.keys(process.env)) if (ofTheMachine.test(name)) delete process.env[name]

/** Hours, days and months are those of UTC: who takes those of the machine shows it where an hour does not begin when one of UTC does. */
process.env.TZ = 'America/St_Johns'

/** What Node has compiled once: the thread of each relay and each process of a test read the same files again, in half of the time. */
process.env.NODE_COMPILE_CACHE ??= file('./node_modules/.cache/leashllm-compiled')

/** How long is waited for what never comes: long enough for a machine that has other things to do. */
const patience = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } }

/** Of tests of the source. */
const source = { ...patience, globalSetup: 'tests/helpers/run.ts', setupFiles: ['tests/helpers/seed.ts'], unstubEnvs: true }

export default defineConfig({
  test: {
    pool: 'threads',
    // Tests wait for sockets, processes and timers more than they compute.
    maxWorkers: '100%',
    projects: [
      {
        resolve: { alias },
        test: { name: 'source', ...source, include: ['tests/**/*.test.ts'], exclude: shipped },
      },
      {
        resolve: { alias: [...alias, ...olderOpenAI] },
        test: {
          name: 'openai 6',
          ...source,
          include: ['tests/client/**/*.test.ts', 'tests/fidelity/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'shipped',
          include: shipped,
          ...patience,
          globalSetup: ['tests/helpers/run.ts', 'tests/package/setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
