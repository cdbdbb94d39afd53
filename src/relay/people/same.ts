import { timingSafeEqual } from 'node:crypto'

/** Compares what is secret: how long it takes says nothing of where the two begin to differ. */
export function same(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
