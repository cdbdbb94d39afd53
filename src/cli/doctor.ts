import { defineCommand } from 'citty'
import { messageOf } from '../core/errors.js'
import { configuredProviders, type Providers } from '../providers/registry.js'
import { paint, printJson, table } from './output.js'

/** What is loaded only when it is needed, and for what. */
const packages = {
  openai: 'the LeashLLM client',
  '@anthropic-ai/sdk': 'leash.wrap(new Anthropic())',
  '@google/genai': 'leash.wrap(new GoogleGenAI())',
  '@aws-sdk/client-bedrock-runtime': 'bedrock',
  'google-auth-library': 'vertex with application default credentials',
} as const

interface Checkup {
  readonly providers: readonly {
    provider: string
    configured: boolean
    missing?: string
    endpoint?: string
    reachable?: boolean
  }[]
  readonly packages: readonly { name: string; installed: boolean; for: string }[]
}

export const doctor = defineCommand({
  meta: { name: 'doctor', description: 'Checks which keys, packages and endpoints are usable. No key leaves this machine.' },
  args: {
    offline: { type: 'boolean', description: 'Do not check whether the endpoints can be reached' },
    json: { type: 'boolean', description: 'Print the findings as JSON' },
  },
  async run({ args }) {
    const registry = configuredProviders()
    const findings: Checkup = {
      providers: await Promise.all(registry.names().map((name) => checkProvider(registry, name, args.offline === true))),
      packages: Object.entries(packages).map(([name, purpose]) => ({ name, installed: isInstalled(name), for: purpose })),
    }
    if (!findings.providers.some(({ configured }) => configured)) process.exitCode = 1
    if (args.json) return printJson(findings)
    process.stdout.write(`${report(findings)}\n`)
  },
})

function report({ providers, packages }: Checkup): string {
  const yes = paint('green', 'yes')
  const no = paint('dim', 'no')
  const keys = providers.map(({ provider, configured, missing, endpoint, reachable }) => [
    configured ? yes : no,
    provider,
    reachable === false
      ? paint('red', `${endpoint} cannot be reached`)
      : (endpoint ?? paint('dim', missing ?? `Needs no key. When it runs here, ask for ${provider}/model.`)),
  ])
  const sdks = packages.map(({ name, installed, for: purpose }) => [installed ? yes : no, name, paint('dim', `for ${purpose}`)])
  return `Providers that are ready\n\n${table(keys)}\n\nPackages that are installed\n\n${table(sdks)}`
}

async function checkProvider(registry: Providers, name: string, offline: boolean): Promise<Checkup['providers'][number]> {
  const configured = registry.isConfigured(name)
  const missing = registry.get(name)?.missing()
  if (!configured) return { provider: name, configured, ...(missing !== undefined && { missing }) }
  try {
    const endpoint = await addressOf(registry, name)
    return { provider: name, configured, endpoint, ...(!offline && { reachable: await isReachable(endpoint) }) }
  } catch (error) {
    return { provider: name, configured: false, missing: messageOf(error) }
  }
}

async function addressOf(registry: Providers, name: string): Promise<string> {
  const provider = registry.get(name)
  const { url = '' } =
    (await provider?.prepare({
      protocol: provider.protocols[0] ?? '',
      model: 'doctor',
      stream: false,
      body: { model: 'doctor' },
      headers: {},
    })) ?? {}
  return new URL(url).origin
}

/** Any answer will do, and nothing secret is sent for it. */
async function isReachable(origin: string): Promise<boolean> {
  try {
    await fetch(origin, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(3000) })
    return true
  } catch {
    return false
  }
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}
