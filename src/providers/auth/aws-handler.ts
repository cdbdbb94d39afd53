/** What AWS's SDKs send with, made of a `fetch`: so that a user's own client goes through the leash. */
import type { Transport } from '../../core/transport.js'
import { type SmithyRequest, urlOf } from './aws-request.js'

/** Smithy's own signal has no events, only one place for a listener. */
interface OldSignal {
  readonly aborted: boolean
  onabort: unknown
}

interface SmithyResponse {
  readonly statusCode: number
  readonly reason: string
  readonly headers: Record<string, string>
  readonly body: ReadableStream<Uint8Array>
}

export interface AwsRequestHandler {
  readonly metadata: { readonly handlerProtocol: string }
  handle(
    request: SmithyRequest,
    options?: { abortSignal?: AbortSignal | OldSignal | undefined },
  ): Promise<{ response: SmithyResponse }>
  updateHttpClientConfig(): void
  httpHandlerConfigs(): Record<string, never>
  destroy(): void
}

/** @example client.config.requestHandler = awsRequestHandler(leash.fetch) */
export function awsRequestHandler(fetch: Transport): AwsRequestHandler {
  return {
    // Decides that the SDK signs `host`, and not HTTP/2's `:authority`.
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request, { abortSignal } = {}) {
      // Made anew from the address and the body, which a layer may have changed.
      const { host: _, 'content-length': __, ...headers } = request.headers
      const response = await fetch(urlOf(request), {
        method: request.method,
        headers,
        ...(request.body !== undefined && { body: request.body as BodyInit }),
        ...(abortSignal && { signal: signalOf(abortSignal) }),
      })
      return {
        response: {
          statusCode: response.status,
          reason: response.statusText,
          headers: Object.fromEntries(response.headers),
          body: response.body ?? new ReadableStream({ start: (controller) => controller.close() }),
        },
      }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  }
}

function signalOf(signal: AbortSignal | OldSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal
  const controller = new AbortController()
  const abort = () => controller.abort()
  if (signal.aborted) abort()
  else signal.onabort = abort
  return controller.signal
}
