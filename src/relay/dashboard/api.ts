/** The relay's administration over HTTP, with the key of whoever has signed in. */
import { key, signOut } from './session.js'

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
  /** In place of that of the session. */
  readonly key?: string
}

/** @throws ApiError with a message for people */
export async function ask<T>(path: string, asking: Asking = {}): Promise<T> {
  const response = await answerTo(path, asking)
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** @throws ApiError with a message for people */
export async function answerTo(path: string, { method = 'GET', body, signal, key: other }: Asking = {}): Promise<Response> {
  const response = await send(path, {
    method,
    headers: {
      authorization: `Bearer ${other ?? key() ?? ''}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  })
  if (response.ok) return response
  // A key that was revoked meanwhile opens nothing any more.
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
    return await fetch(path, { ...init, credentials: 'omit', cache: 'no-store' })
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new ApiError(0, 'network', 'The relay cannot be reached. Is it running?')
  }
}

/** For people, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
