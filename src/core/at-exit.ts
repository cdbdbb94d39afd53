/** A program that ends without closing its leash still tells what it has spent: its last act, once nothing else is left to do. */
const works = new Set<Work>()
let heard = false

interface Work {
  readonly end: () => Promise<unknown>
  /** Of a program that is ended in the midst of it, by `process.exit()`, which waits for nothing. */
  readonly cut: () => void
}

/** @returns a function that forgets it */
export function atExit(work: Work): () => void {
  works.add(work)
  if (!heard) {
    globalThis.process?.once?.('beforeExit', () => void Promise.allSettled([...works].map(({ end }) => end())))
    globalThis.process?.once?.('exit', () => {
      // Who came later may still have something for who was there before.
      for (const { cut } of [...works].reverse()) cut()
    })
  }
  heard = true
  return () => works.delete(work)
}
