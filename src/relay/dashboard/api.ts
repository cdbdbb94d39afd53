/** The relay's administration over HTTP, with the token of whoever has signed in. */
import { signIn, signOut, token } from './session.js'

export class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal
  readonly accept?: string
  /** In place of the token of the session; empty for none. */
  readonly key?: string
  /** Whether cookies go along, and are kept. @defaultValue 'omit' */
  readonly credentials?: 'omit' | 'same-origin'
}

/** @throws ApiError with a message for people */
export async function ask<T>(path: string, asking: Asking = {}): Promise<T> {
  const response = await answerTo(path, asking)
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** @throws ApiError with a message for people */
export async function answerTo(
  path: string,
  { method = 'GET', body, signal, accept, key: other, credentials = 'omit' }: Asking = {},
): Promise<Response> {
  const response = await send(path, {
    method,
    credentials,
    headers: {
      ...(other !== '' && { authorization: `Bearer ${other ?? token() ?? ''}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(accept && { accept }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  })
  if (response.ok) return response
  // It was long ago, or he may not come in any more.
  if (response.status === 401 && other === undefined) signOut()
  throw await errorOf(response)
}

export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text()
  let error: { readonly message?: string; readonly code?: string } = {}
  try {
    error = JSON.parse(text).error ?? {}
  } catch {
    // A proxy on the way has answered in its own words.
  }
  const message = error.message?.replace(/^\[\w+\] /, '')
  return new ApiError(response.status, error.code ?? '', message || `The relay answered with status ${response.status}.`)
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, cache: 'no-store' })
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new ApiError(0, 'network', 'The relay cannot be reached. Is it running?')
  }
}

/** For people, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** By a key, or by an e-mail address with a password. @throws ApiError */
export async function tokenFor(asking: Asking): Promise<string> {
  return (await ask<{ readonly access_token: string }>('/api/auth/token', { ...asking, method: 'POST' })).access_token
}

/** Each token holds for a quarter of an hour. */
export async function renew(): Promise<void> {
  try {
    const renewed = await tokenFor({ key: token() ?? '' })
    // He may have signed out meanwhile.
    if (token() !== undefined) signIn(renewed)
  } catch {
    // Away for a moment, not let in any more, or a token that is another's to renew: the next request tells.
  }
}
