import { isLeashError, thrown } from '../../core/errors.js'
import { Lazy } from '../../core/lazy.js'
import { absent, loadOptional } from '../../core/optional.js'

/** The AI SDK's own errors. @throws LeashError `missing_dependency` */
export const sdk = new Lazy(() =>
  loadOptional('@ai-sdk/provider', async () => {
    try {
      return await import('@ai-sdk/provider')
    } catch (error) {
      return absent(error)
    }
  }),
)

/**
 * A failure as the AI SDK knows it. Never one that it would try again: the leash has done that.
 * @param id of the call
 */
export async function apiError(error: unknown, model: string, id: string): Promise<unknown> {
  if (!isLeashError(error)) return error
  // An abort is known by what the platform throws.
  if (error.code === 'aborted') return thrown(error)
  const { APICallError } = await sdk.get()
  const { code, status, param, retryAfterMs, attempts } = error
  return new APICallError({
    message: error.message,
    url: `leash:${encodeURIComponent(model)}`,
    // The prompt is kept out of whatever prints errors.
    requestBodyValues: {},
    statusCode: status,
    responseHeaders: {
      'x-leash-id': id,
      'x-leash-error': code,
      ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
    },
    isRetryable: false,
    data: { code, ...(param !== undefined && { param }), attempts: [...attempts] },
    cause: error,
  })
}
