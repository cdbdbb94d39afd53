/** One side of the playground: what was said to one model, and what its last answer took. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { LedgerLine } from '../../core/ledger.js'
import { ask, messageOf } from './api.js'
import { type ChatEnd, chat, type Turn } from './chat.js'
import { token } from './session.js'

export interface Talk {
  readonly turns: readonly Turn[]
  /** The answer that is coming. */
  readonly coming: string | undefined
  readonly end: ChatEnd | undefined
  /** Nano-dollars; null where the price is unknown. */
  readonly cost: number | null | undefined
  readonly error: unknown
}

export interface Said {
  readonly text: string
  readonly system: string
  readonly model: string
  /** A virtual key; whoever has signed in where it is empty. */
  readonly key: string
  readonly maxTokens: number
}

export interface Conversation extends Talk {
  readonly say: (said: Said) => Promise<void>
  readonly stop: () => void
  readonly clear: () => void
}

const silent: Talk = { turns: [], coming: undefined, end: undefined, cost: undefined, error: undefined }

export function useConversation(): Conversation {
  const [talk, setTalk] = useState<Talk>(silent)
  const running = useRef<AbortController | null>(null)
  useEffect(() => () => running.current?.abort(), [])
  const change = (part: Partial<Talk>) => setTalk((talk) => ({ ...talk, ...part }))

  const say = async ({ text, system, model, key, maxTokens }: Said) => {
    running.current?.abort()
    const left = new AbortController()
    running.current = left
    const turns: Turn[] = [...talk.turns, { role: 'user', content: text }]
    setTalk({ ...silent, turns, coming: '' })
    let answer = ''
    const onText = (text: string) => {
      answer += text
      change({ coming: answer })
    }
    const keep = () => (answer === '' ? turns : [...turns, { role: 'assistant' as const, content: answer }])
    const messages: Turn[] = [...(system === '' ? [] : [{ role: 'system' as const, content: system }]), ...turns]
    try {
      const end = await chat({
        key: key || (token() ?? ''),
        model,
        messages,
        ...(maxTokens > 0 && { maxTokens }),
        signal: left.signal,
        onText,
      })
      change({ turns: keep(), coming: undefined, end })
      const cost = await costOf(end.id)
      if (running.current === left) change({ cost })
    } catch (error) {
      if (running.current !== left) return
      change({ turns: keep(), coming: undefined, error: left.signal.aborted ? undefined : messageOf(error) })
    }
  }
  const stop = () => running.current?.abort()
  const clear = () => {
    stop()
    running.current = null
    setTalk(silent)
  }
  return { ...talk, say, stop, clear }
}

const tries = 12
const betweenMs = 250

/** The ledger has it a moment after the answer has ended. */
async function costOf(id: string): Promise<number | null | undefined> {
  if (id === '') return undefined
  for (let at = 0; at < tries; at++) {
    const { items } = await ask<{ readonly items: readonly LedgerLine[] }>(`/v1/admin/calls?call=${encodeURIComponent(id)}`)
    if (items.length > 0)
      return items.reduce<number | null>((sum, { cost }) => (sum === null || cost === null ? null : sum + cost), 0)
    await new Promise((resolve) => setTimeout(resolve, betweenMs))
  }
  return undefined
}
