/** The newest calls, and others as they come. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { LedgerLine } from '../../core/ledger.js'
import { answerTo } from './api.js'
import { eventsIn } from './events.js'
import type { Resource } from './resource.js'

const mostShown = 50
const againMs = 2000

interface State {
  readonly path: string
  readonly value?: readonly LedgerLine[]
  readonly error?: unknown
}

/** @param on whether others are waited for */
export function useLiveCalls(path: string, on: boolean): Resource<readonly LedgerLine[]> {
  const [state, setState] = useState<State>({ path })
  const [turn, setTurn] = useState(0)
  const visible = useVisible()

  // Another turn asks again at once.
  useEffect(() => {
    if (!on || !visible) return
    const left = new AbortController()
    const add = (lines: readonly LedgerLine[]) =>
      setState((before) => ({ path, value: merged(lines, before.path === path ? (before.value ?? []) : []) }))
    const failed = (error: unknown) => setState((before) => ({ ...(before.path === path && before), path, error }))
    void follow(path, left.signal, add, failed)
    return () => left.abort()
  }, [path, on, visible, turn])

  const reload = useCallback(() => setTurn((turn) => turn + 1), [])
  // A stream that is open does not hear of it by itself.
  useEffect(() => {
    addEventListener('offline', reload)
    addEventListener('online', reload)
    return () => {
      removeEventListener('offline', reload)
      removeEventListener('online', reload)
    }
  }, [reload])
  const { value, error }: Partial<State> = state.path === path ? state : {}
  return { value, error, reload }
}

/** The relay ends each stream after a while, and is asked for the next. */
async function follow(
  path: string,
  signal: AbortSignal,
  add: (lines: readonly LedgerLine[]) => void,
  failed: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await answerTo(path, { accept: 'text/event-stream', signal })
      for await (const data of eventsIn(response)) if (!signal.aborted) add(JSON.parse(data))
    } catch (error) {
      if (signal.aborted) return
      failed(error instanceof TypeError ? new Error('The relay cannot be reached. Is it running?') : error)
    }
    await new Promise((resolve) => setTimeout(resolve, againMs))
  }
}

/** A stream that is asked for again begins with what is known. */
function merged(fresh: readonly LedgerLine[], known: readonly LedgerLine[]): LedgerLine[] {
  const all = new Map([...fresh, ...known].map((line) => [`${line.tenant} ${line.id}`, line]))
  return [...all.values()].sort((a, b) => b.at - a.at).slice(0, mostShown)
}

function useVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden)
  useEffect(() => {
    const changed = () => setVisible(!document.hidden)
    document.addEventListener('visibilitychange', changed)
    return () => document.removeEventListener('visibilitychange', changed)
  }, [])
  return visible
}
