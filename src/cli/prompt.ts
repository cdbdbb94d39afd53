/** What commands that take a prompt and a model have in common. */
import { text } from 'node:stream/consumers'
import type { JsonObject } from '../core/json.js'
import { isPreset, presets } from '../providers/presets.js'
import type { ProvidersOptions } from '../providers/registry.js'

/** `-` is what comes on standard input. */
export async function readPrompt(prompt: string): Promise<string> {
  return prompt === '-' ? (await text(process.stdin)).trim() : prompt
}

export function messagesOf(prompt: string, system: string | undefined): JsonObject[] {
  return [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content: prompt }]
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
