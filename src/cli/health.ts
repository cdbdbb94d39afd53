import { defineCommand } from 'citty'
import { LeashError } from '../core/errors.js'
import type { Probe } from '../core/health.js'
import { Probes } from '../probes.js'
import { configuredProviders, type Providers } from '../providers/registry.js'
import { paint, printJson, table, telling } from './output.js'
import { wholeNumber } from './whole-number.js'

interface Finding extends Partial<Probe> {
  readonly provider: string
  /** Present in place of a probe, where none can be made. */
  readonly skipped?: string
}

export const health = defineCommand({
  meta: { name: 'health', description: 'Checks that the providers answer and accept your keys. Costs nothing.' },
  args: {
    provider: { type: 'string', description: 'Only this provider' },
    timeout: { type: 'string', default: '5000', description: 'Milliseconds to wait for an answer' },
    json: { type: 'boolean', description: 'Print the findings as JSON' },
  },
  run: ({ args: { provider, timeout, json } }) =>
    telling(json, async () => {
      const timeoutMs = wholeNumber(timeout, 1, Number.MAX_SAFE_INTEGER, 'no number of milliseconds')
      const registry = configuredProviders()
      if (provider !== undefined && !registry.has(provider))
        throw new LeashError('invalid_config', `"${provider}" names no provider.`)
      const names = provider === undefined ? registry.names().filter(registry.isConfigured) : [provider]
      const findings = await Promise.all(names.map((name) => find(name, registry, timeoutMs)))
      if (!findings.some(({ ok }) => ok) || findings.some(({ ok }) => ok === false)) process.exitCode = 1
      if (json) return printJson(findings)
      if (findings.length === 0) process.stderr.write('No provider is set up. `leash doctor` tells what is missing.\n')
      else process.stdout.write(`${table(findings.map(row))}\n`)
    }),
})

async function find(name: string, registry: Providers, timeoutMs: number): Promise<Finding> {
  const provider = registry.get(name)
  if (!provider?.probe) return { provider: name, skipped: `Has nothing to be asked for free. Try leash chat --model ${name}/…` }
  const probes = new Probes([provider], { timeoutMs }, { transport: fetch })
  return { provider: name, ...(await probes.ask(provider)) }
}

function row({ provider, ok, latencyMs, error, skipped }: Finding): string[] {
  if (skipped !== undefined) return [paint('dim', '?'), provider, '', paint('dim', skipped)]
  return [
    ok ? paint('green', 'yes') : paint('red', 'no'),
    provider,
    ok ? `${latencyMs} ms` : '',
    error === undefined ? '' : paint('red', error),
  ]
}
