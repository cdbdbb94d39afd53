/** A program that ends without closing its leash still tells what it has spent: its last act, once nothing else is left to do. */
const works = new Set<() => Promise<unknown>>()
let heard = false

/** @returns a function that forgets it */
export function atExit(work: () => Promise<unknown>): () => void {
  works.add(work)
  if (!heard) globalThis.process?.once?.('beforeExit', () => void Promise.allSettled([...works].map((work) => work())))
  heard = true
  return () => works.delete(work)
}
