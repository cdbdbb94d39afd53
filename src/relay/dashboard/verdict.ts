/** Whether the relay would take what is written: asked a moment after the last key was pressed. */
import { useEffect, useState } from 'preact/hooks'
import { ask, messageOf } from './api.js'

export interface Verdict {
  readonly state: 'waiting' | 'good' | 'bad'
  readonly text: string
  /** Where it is no JSON, from 1. */
  readonly line?: number
}

const restMs = 350
const waiting: Verdict = { state: 'waiting', text: 'Checking …' }

export function useVerdict(draft: string | undefined, path: string): Verdict {
  const [verdict, setVerdict] = useState<Verdict & { readonly of?: string }>(waiting)
  useEffect(() => {
    if (draft === undefined) return
    const left = new AbortController()
    const tell = (verdict: Verdict) => {
      if (!left.signal.aborted) setVerdict({ ...verdict, of: draft })
    }
    const parsed = parse(draft)
    if ('state' in parsed) {
      tell(parsed)
      return
    }
    const timer = setTimeout(
      () =>
        ask(path, { method: 'PUT', body: parsed.value, signal: left.signal }).then(
          () => tell({ state: 'good', text: 'The relay would take this.' }),
          (error) => tell({ state: 'bad', text: messageOf(error) }),
        ),
      restMs,
    )
    return () => {
      clearTimeout(timer)
      left.abort()
    }
  }, [draft, path])
  return verdict.of === draft ? verdict : waiting
}

function parse(text: string): { readonly value: unknown } | Verdict {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    const told = messageOf(error)
    const [, line] = /line (\d+)/.exec(told) ?? []
    return { state: 'bad', text: `This is no JSON. ${told}`, ...(line && { line: Number(line) }) }
  }
}
