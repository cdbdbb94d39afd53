export interface WarmOptions {
  /** Calls under way at a time. @defaultValue 4 */
  readonly concurrency?: number | undefined
}

/** A call as the program makes it anyway, by whatever SDK: its answer is kept as always. */
export type WarmCall = () => PromiseLike<unknown>

export interface Warmed {
  readonly made: number
  /** What those threw that failed. */
  readonly errors: readonly unknown[]
}

/** Makes calls, a few at a time, and reads their answers to the end, for a stream that nobody reads is not kept. */
export async function warm(calls: Iterable<WarmCall>, { concurrency = 4 }: WarmOptions = {}): Promise<Warmed> {
  const waiting = calls[Symbol.iterator]()
  const errors: unknown[] = []
  let made = 0
  const work = async () => {
    for (let call = waiting.next(); !call.done; call = waiting.next()) {
      made++
      try {
        await readAll(await call.value())
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, work))
  return { made, errors }
}

async function readAll(answer: unknown): Promise<void> {
  if (answer instanceof Response) await answer.arrayBuffer()
  else if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer)
    for await (const _ of answer as AsyncIterable<unknown>);
}
