import { fnv1a } from '../core/fnv1a.js'

/** Nine letters and digits in place of an id that a target refuses. The same for the same id, each time. */
export function shortId(id: string): string {
  const hash = (from?: number) => fnv1a(id, from).toString(36).padStart(7, '0')
  return hash().slice(-5) + hash(0x1b873593).slice(-4)
}
