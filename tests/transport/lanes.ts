/** The two lanes to an upstream, before a mock: one that passes bytes through, one that translates. */
import { createLeash, type Leash, type LeashOptions, type Report } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import type { Mock } from '../helpers/mock.js'

/** What a caller who speaks OpenAI's chat asks for in each lane. */
export const lanes = [
  ['pass-through', 'gpt-4o-mini'],
  ['translation', 'claude-haiku-4-5'],
] as const

export const prompt = 'one two three four five six seven eight'

export interface Lane {
  readonly leash: Leash
  readonly reports: Report[]
  ask(options?: { stream?: boolean; signal?: AbortSignal }): Promise<Response>
}

export function lane(mock: Mock, model: string, options: LeashOptions = {}): Lane {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, ...options })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return {
    leash,
    reports,
    ask({ stream = false, signal } = {}) {
      return leash.fetch(`${mock.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer caller' },
        body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: prompt }] }),
        ...(signal && { signal }),
      })
    },
  }
}

/** What a stream came to: all its text, and how it ended. */
export async function read(response: Response): Promise<{ text: string; error?: unknown }> {
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true })
    return { text }
  } catch (error) {
    return { text, error }
  }
}

/** The failure of a call, however it left the leash: thrown, answered, or told in the stream. */
export async function failureOf(answer: Promise<Response>): Promise<string> {
  try {
    const response = await answer
    if (!response.ok) return (await response.json()).error.code
    const { text, error } = await read(response)
    if (error) return codeOf(error)
    return /"code":"(\w+)"/.exec(text.split('\n\n').at(-2) ?? '')?.[1] ?? 'none'
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code
  return String(error)
}
