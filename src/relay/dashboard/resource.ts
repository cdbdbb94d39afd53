/** What a page reads from the relay: while it loads, when it is there, when it cannot be had. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { ask } from './api.js'

export interface Resource<T> {
  /** The last that was read: it stays while it is read again. */
  readonly value: T | undefined
  readonly error: unknown
  readonly loading: boolean
  readonly reload: () => void
}

interface State<T> {
  readonly path: string | undefined
  readonly value?: T
  readonly error?: unknown
}

/** @param path nothing is read without one */
export function useResource<T>(path: string | undefined, everyMs?: number): Resource<T> {
  const [state, setState] = useState<State<T>>({ path })
  const [turn, setTurn] = useState(0)

  // Another turn reads the same again.
  useEffect(() => {
    if (path === undefined) return
    const left = new AbortController()
    ask<T>(path, { signal: left.signal }).then(
      (value) => setState({ path, value }),
      (error) => {
        if (!left.signal.aborted) setState((before) => ({ ...(before.path === path && before), path, error }))
      },
    )
    return () => left.abort()
  }, [path, turn])

  const reload = useCallback(() => setTurn((turn) => turn + 1), [])
  useEffect(() => {
    if (everyMs === undefined) return
    const timer = setInterval(() => {
      if (!document.hidden) reload()
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, reload])

  const current = state.path === path
  const value = current ? state.value : undefined
  const error = current ? state.error : undefined
  return { value, error, loading: path !== undefined && value === undefined && error === undefined, reload }
}
