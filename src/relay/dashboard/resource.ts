/** What a page reads from the relay: while it loads, when it is there, when it cannot be had. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ask } from './api.js'

export interface Resource<T> {
  /** The last that was read: it stays while it is read again. */
  readonly value: T | undefined
  readonly error: unknown
  readonly reload: () => void
}

interface State<T> {
  readonly path: string | undefined
  readonly value?: T
  readonly error?: unknown
}

/** For so many times as long as the relay took, it is left alone. */
const restsTimes = 9

export type Read<T> = (path: string, signal: AbortSignal) => Promise<T>

/**
 * @param path nothing is read without one
 * @param read the same function each time
 */
export function useResource<T>(path: string | undefined, everyMs?: number, read: Read<T> = plainly): Resource<T> {
  const [state, setState] = useState<State<T>>({ path })
  const [turn, setTurn] = useState(0)
  /** In milliseconds since 1970: while it is read, nobody knows. */
  const restsUntil = useRef(0)

  // Another turn reads the same again.
  useEffect(() => {
    if (path === undefined) return
    const left = new AbortController()
    const since = Date.now()
    restsUntil.current = Number.POSITIVE_INFINITY
    const ended = (next: (before: State<T>) => State<T>) => {
      if (left.signal.aborted) return
      restsUntil.current = Date.now() + (Date.now() - since) * restsTimes
      setState(next)
    }
    read(path, left.signal).then(
      (value) => ended(() => ({ path, value })),
      (error) => ended((before) => ({ ...(before.path === path && before), path, error })),
    )
    return () => left.abort()
  }, [path, turn, read])

  const reload = useCallback(() => setTurn((turn) => turn + 1), [])
  useEffect(() => {
    if (everyMs === undefined) return
    const timer = setInterval(() => {
      if (!document.hidden && Date.now() >= restsUntil.current) reload()
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, reload])

  const current = state.path === path
  const value = current ? state.value : undefined
  const error = current ? state.error : undefined
  return { value, error, reload }
}

function plainly<T>(path: string, signal: AbortSignal): Promise<T> {
  return ask<T>(path, { signal })
}

/** The same, with its value as a page wants it. */
export const mapped = <T, U>(resource: Resource<T>, to: (value: T) => U): Resource<U> => ({
  ...resource,
  value: resource.value === undefined ? undefined : to(resource.value),
})
