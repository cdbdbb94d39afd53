/** A list that comes page by page. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Page } from '../page.js'
import { ask, messageOf } from './api.js'
import { toast } from './parts/toast.js'
import { type Resource, useResource } from './resource.js'

export interface List<T> extends Resource<Page<T>> {
  readonly more: () => void
}

/** @param cursor the name under which the next page is asked for */
export function useList<T>(path: string | undefined, cursor = 'after', everyMs?: number): List<T> {
  const first = useResource<Page<T>>(path, everyMs)
  const [rest, setRest] = useState<Page<T>>()
  // Whatever came after another first page does not belong to this one.
  useEffect(() => setRest(undefined), [first.value])
  const next = rest ? rest.next : first.value?.next
  const more = useCallback(() => {
    if (path === undefined || next === undefined) return
    const sign = path.includes('?') ? '&' : '?'
    ask<Page<T>>(`${path}${sign}${cursor}=${encodeURIComponent(next)}`).then(
      (page) => setRest((rest) => ({ ...page, items: [...(rest?.items ?? []), ...page.items] })),
      (error) => toast(messageOf(error)),
    )
  }, [path, next, cursor])
  const value = first.value && rest ? { ...rest, items: [...first.value.items, ...rest.items] } : first.value
  return { ...first, value, more }
}
