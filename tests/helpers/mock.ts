/** A mock of every vendor for one test file, and none of the keys of the machine that runs it. */
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
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
  useNoKeys()
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

/** Keys and addresses of vendors, as their SDKs and we read them. */
const vendorVariable = /_API_KEY$|_API_TOKEN$|_AUTH_TOKEN$|_BASE_URL$|^(?:AWS|AZURE|GOOGLE|GEMINI|OPENAI|ANTHROPIC)_|^HF_TOKEN$/

/** Takes every key out of the environment for each test of the file. */
export function useNoKeys(): void {
  beforeEach(() => {
    for (const name of Object.keys(process.env)) if (vendorVariable.test(name)) vi.stubEnv(name, undefined)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })
}

/** Never answers, in place of a mock: of what is given up soon, a mock on a busy machine hears when the next test is under way, or never. */
export const silent: typeof fetch = (_, { signal } = {}) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))

/** Waits for what a socket is about to tell. */
export const until = (condition: () => boolean | Promise<boolean>): Promise<void> =>
  vi.waitFor(async () => {
    if (!(await condition())) throw new Error('It did not come to pass.')
  }, 30_000)
