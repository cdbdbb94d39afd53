/** A mock of every vendor for one test file. */
import { afterAll, afterEach, beforeAll, vi } from 'vitest'
import { type Fault, type MockOptions, type RecordedRequest, startMock } from '../../src/testing/index.js'

export interface Mock {
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  script(...faults: Fault[]): void
  reset(): void
}

/** Starts it before the file's tests, and makes it forget after each. */
export function useMock(options?: MockOptions): Mock {
  const starting = { mock: undefined as Awaited<ReturnType<typeof startMock>> | undefined }
  const started = () => {
    if (!starting.mock) throw new Error('The mock starts with the first test.')
    return starting.mock
  }
  beforeAll(async () => {
    starting.mock = await startMock(options)
  })
  afterEach(() => started().reset())
  afterAll(() => started().close())
  return {
    get url() {
      return started().url
    },
    get requests() {
      return started().requests
    },
    script: (...faults) => started().script(...faults),
    reset: () => started().reset(),
  }
}

/** Never answers, in place of a mock: of what is given up soon, a mock on a busy machine hears when the next test is under way, or never. */
export const silent: typeof fetch = (_, { signal } = {}) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))

/** Waits for what a socket is about to tell. */
export const until = (condition: () => boolean | Promise<boolean>): Promise<void> =>
  vi.waitFor(async () => {
    if (!(await condition())) throw new Error('It did not come to pass.')
  }, 30_000)
