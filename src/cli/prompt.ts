/** What commands that take a prompt and a model have in common. */
import { isPreset, presets } from '../providers/presets.js'
import type { ProvidersOptions } from '../providers/registry.js'

/** `-` is what comes on standard input. */
export async function readPrompt(prompt: string): Promise<string> {
  return prompt === '-' ? readStdin() : prompt
}

/** Names with commas between them. */
export function namesIn(list: string | undefined): string[] {
  return (list ?? '').split(',').flatMap((name) => name.trim() || [])
}

/** A server on this machine that wants no key is configured by asking for it. */
export function localProviders(models: readonly string[]): ProvidersOptions {
  const names = models.map((model) => model.split('/', 1)[0] ?? '')
  return Object.fromEntries(names.filter((name) => isPreset(name) && presets[name].keyless).map((name) => [name, {}]))
}

async function readStdin(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  return text.trim()
}
