import { LeashError } from '../core/errors.js'

/** Part of a list that is too long to be given at once. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Given as `after` it brings the next page. Absent: that was all. */
  readonly next?: string
}

const usual = 100
const most = 1000

/** How many a page has. */
export function pageSize(limit: number = usual): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit
  throw new LeashError('invalid_request', `The limit of a list is a whole number from 1 to ${most}.`, { param: 'limit' })
}

/** Of an `after` that no page has named. */
export const wrongCursor = (): LeashError =>
  new LeashError('invalid_request', 'Give `after` as the page before has named its `next`.', { param: 'after' })

/** @param rows one more than the page has, when there are more */
export function pageOf<T>(rows: readonly T[], size: number, nameOf: (last: T) => string): Page<T> {
  const items = rows.slice(0, size)
  const last = items.at(-1)
  return rows.length > size && last !== undefined ? { items, next: nameOf(last) } : { items }
}
