/** What must not be written to disk. */

export interface ScrubOptions {
  /** More headers whose values are kept out. */
  readonly headers?: readonly string[]
  /** More query parameters that are kept out. */
  readonly query?: readonly string[]
  /** Cleans URLs and bodies, both ways. An answer that it changes is kept in one piece. */
  readonly text?: (text: string) => string
}

export const scrubbed = '***'

/** Keys, tokens, cookies, signatures, and who the account belongs to. */
const secretHeader =
  /auth|api-?key|\bkey\b|token|secret|cookie|signature|credential|session|organi[sz]ation|project|account|subscription|^x-amz-/i
/** Names that look secret and count something. */
const harmless = /ratelimit|token-count|^x-amzn-(requestid|errortype|bedrock)/i
const secretQuery =
  /^(key|api[_-]?key|access[_-]?token|token|auth|sig|signature|x-amz-.*|x-goog-(signature|credential|security-token))$/i

/** What no longer holds for the bytes that `fetch` hands out, and what tells only of the machine that recorded. */
const passing =
  /^(content-encoding|content-length|transfer-encoding|connection|keep-alive|date|user-agent|x-stainless-.*|amz-sdk-.*)$/

export interface Scrubber {
  headers(headers: Headers): Record<string, string>
  /** The address without secrets in its query, and without a password. */
  url(url: URL): URL
  text(text: string): string
}

/** A scrubber for one exchange: it also knows that request's own keys, wherever they are repeated. */
export function scrubber(url: URL, headers: Headers, options: ScrubOptions = {}): Scrubber {
  const moreHeaders = new Set(options.headers?.map((name) => name.toLowerCase()))
  const moreQuery = new Set(options.query)
  const isSecret = (name: string) => (secretHeader.test(name) && !harmless.test(name)) || moreHeaders.has(name)
  const isSecretParameter = (name: string) => secretQuery.test(name) || moreQuery.has(name)
  const secrets = [
    ...[...headers].filter(([name]) => isSecret(name)).map(([, value]) => value),
    ...[...url.searchParams].filter(([name]) => isSecretParameter(name)).map(([, value]) => value),
  ]
    .flatMap((value) => [value, value.replace(/^\w+ /, '')])
    // A short value would be found in innocent text.
    .filter((value) => value.length >= 8)
    .sort((one, other) => other.length - one.length)
  const text = (given: string) => {
    const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, scrubbed), given)
    return options.text ? options.text(clean) : clean
  }
  return {
    text,
    headers: (given) =>
      Object.fromEntries(
        [...given]
          .filter(([name]) => !passing.test(name))
          .map(([name, value]) => [name, isSecret(name) ? scrubbed : text(value)] as const)
          .sort(([one], [other]) => (one < other ? -1 : 1)),
      ),
    url: (given) => {
      const out = new URL(given)
      out.username = ''
      out.password = ''
      for (const name of [...out.searchParams.keys()]) if (isSecretParameter(name)) out.searchParams.delete(name)
      return new URL(text(out.href))
    },
  }
}
