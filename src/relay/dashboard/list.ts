/** A list that comes page by page. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Page } from '../page.js'
import { ask, messageOf } from './api.js'
import { toast } from './parts/toast.js'
import { type Resource, useResource } from './resource.js'

export interface List<T> extends Resource<Page<T>> {
  readonly more: () => void
}

/** @param cursor the name under which the next page is asked for */
export function useList<T>(path: string | undefined, cursor = 'after', everyMs?: number): List<T> {
  /** The first page and all that came after it. */
  const [all, setAll] = useState<Page<T>>()
  // Who has gone on to further pages is not taken back to the first by what is read again.
  const first = useResource<Page<T>>(path, all ? undefined : everyMs)
  const value = first.value && (all ?? first.value)
  /** After what the next page was asked for. */
  const asked = useRef<Page<T> | undefined>(undefined)
  // Whatever came after another first page does not belong to this one.
  useEffect(() => {
    setAll(undefined)
    asked.current = undefined
  }, [first.value])
  const more = useCallback(() => {
    if (path === undefined || value?.next === undefined || asked.current === value) return
    asked.current = value
    const sign = path.includes('?') ? '&' : '?'
    ask<Page<T>>(`${path}${sign}${cursor}=${encodeURIComponent(value.next)}`).then(
      (page) => {
        if (asked.current === value) setAll({ ...page, items: [...value.items, ...page.items] })
      },
      (error) => {
        asked.current = undefined
        toast(messageOf(error))
      },
    )
  }, [path, value, cursor])
  return { ...first, value, more }
}
