import type { List } from '../list.js'

/** Asks for the next page of a list, where there is one. */
export function More<T>({ of: { value, more } }: { readonly of: List<T> }) {
  if (value?.next === undefined) return null
  return (
    <p class="more">
      <button type="button" onClick={more}>
        Show more
      </button>
    </p>
  )
}
