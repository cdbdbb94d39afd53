/** What everything else relies on in a provider, checked without a network. */
import { isLeashError, messageOf } from '../core/errors.js'
import type { JsonObject } from '../core/json.js'
import type { HttpRequest, Provider, WireRequest } from '../core/provider.js'
import { protocolsAt } from '../core/target.js'

export interface ProviderChecks {
  /** A model that the provider serves. */
  readonly model: string
  /** The key that the provider was made with, so that the checks can see where it goes. Without it, those checks are skipped. */
  readonly secret?: string
  /** Makes the same provider without a key. Without it, what `missing()` says is not checked. */
  readonly unconfigured?: () => Provider
  /** The protocols to try. @defaultValue those that it names for the model */
  readonly protocols?: readonly string[]
}

export interface CheckResult {
  readonly name: string
  readonly ok: boolean
  /** What is wrong and what to do about it; absent when all is well. */
  readonly problem?: string
  /** Why it was not checked. */
  readonly skipped?: string
}

type Verdict = { readonly problem?: string; readonly skipped?: string }
type Check = (subject: Subject) => Verdict | Promise<Verdict>

interface Subject extends ProviderChecks {
  readonly provider: Provider
  readonly protocols: readonly string[]
}

const well: Verdict = {}
const bad = (problem: string): Verdict => ({ problem })

/**
 * Checks a provider against its contract. It sends nothing; a provider that fetches a token before it can address a request must be
 * given a token of its own.
 *
 * @example
 * const results = await checkProvider(myProvider({ apiKey: 'secret-1234' }), { model: 'm', secret: 'secret-1234' })
 * expect(results.filter(({ ok }) => !ok)).toEqual([])
 */
export async function checkProvider(provider: Provider, checks: ProviderChecks): Promise<CheckResult[]> {
  const protocols = checks.protocols ?? protocolsAt({ provider, model: checks.model })
  const subject: Subject = { ...checks, provider, protocols }
  const results: CheckResult[] = []
  for (const [name, check] of Object.entries(all)) {
    const verdict = await Promise.resolve()
      .then(() => check(subject))
      .catch((error) => bad(`It threw: ${messageOf(error)}`))
    results.push({ name, ok: verdict.problem === undefined, ...verdict })
  }
  return results
}

const all: Record<string, Check> = {
  'has a name that can stand in a route': ({ provider: { name } }) =>
    /^[\w.-]+$/.test(name) ? well : bad(`\`name\` is "${name}". Use letters, digits, dots and hyphens.`),

  'speaks at least one protocol': ({ provider, protocols }) => {
    if (provider.protocols.length === 0) return bad('`protocols` is empty.')
    return protocols.length === 0 ? bad('`protocolsFor` names none for this model.') : well
  },

  'has the same traits each time': ({ provider, model }) => {
    const [one, other] = [provider.traits(model), provider.traits(model)]
    return JSON.stringify(one) === JSON.stringify(other) ? well : bad('`traits` answers differently to the same model.')
  },

  'misses nothing once it has its key': ({ provider }) => {
    const missing = provider.missing()
    return missing === undefined ? well : bad(`\`missing()\` says: ${missing}`)
  },

  'says which variable or option would give it its key': ({ unconfigured }) => {
    if (!unconfigured) return { skipped: 'Pass `unconfigured` to check it.' }
    const missing = unconfigured().missing()
    if (missing === undefined) return bad('`missing()` is silent without a key.')
    const instructs = /\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|`\w+`|\b[a-z]+[A-Z]\w*\b/.test(missing)
    return instructs ? well : bad(`\`missing()\` names neither a variable nor an option: "${missing}"`)
  },

  'gives an absolute address': (subject) =>
    each(subject, ({ url, method }) => {
      if (!/^https?:\/\/[^/]/.test(url)) return bad(`The address is "${url}". It must start with http:// or https://.`)
      if (/\s/.test(url)) return bad('The address has white space in it.')
      return method === 'POST' ? well : bad(`The method is "${method}". Models are asked by POST.`)
    }),

  'keeps its key out of the address and the body': (subject) => {
    const { secret } = subject
    if (!secret) return { skipped: 'Pass `secret` to check it.' }
    return each(subject, ({ url, body }) => {
      if (decodeURIComponent(url).includes(secret))
        return bad('The key stands in the address, where every log finds it. Send it in a header.')
      return textOf(body).includes(secret) ? bad('The key stands in the body. Send it in a header.') : well
    })
  },

  'sends its key in a header': (subject) => {
    const { secret } = subject
    if (!secret) return { skipped: 'Pass `secret` to check it.' }
    return each(subject, ({ headers }) =>
      // A signature is made with the key and does not contain it.
      Object.entries(headers).some(
        ([name, value]) => value.includes(secret) || /^AWS4-/.test(value) || isBasic(name, value, secret),
      )
        ? well
        : bad('No header contains the key.'),
    )
  },

  'gives headers that can be sent': (subject) =>
    each(subject, ({ headers }) => {
      const odd = Object.entries(headers).find(([name, value]) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[\r\n\0]/.test(value))
      return odd ? bad(`The header "${odd[0]}" cannot be sent.`) : well
    }),

  "passes on the caller's own headers": (subject) =>
    each(
      subject,
      ({ headers }) => {
        const names = Object.entries(headers).map(([name, value]) => `${name.toLowerCase()}: ${value}`)
        return names.includes('x-leash-check: kept') ? well : bad('`request.headers` is not passed on.')
      },
      { headers: { 'x-leash-check': 'kept' } },
    ),

  'sends the bytes it was given when it changes nothing': (subject) =>
    each(subject, ({ body }, request) => {
      const same = JSON.stringify(JSON.parse(textOf(body))) === JSON.stringify(request.body)
      if (!same || textOf(body) === request.text) return well
      return bad('The body says the same in other bytes. Send `request.text` when it is there and nothing changes.')
    }),

  'leaves the request as it was': (subject) =>
    // Every member is frozen: an assignment throws.
    each(subject, () => well),

  'answers the same request in the same way': async (subject) => {
    const one = await prepared(subject)
    const other = await prepared(subject)
    const same = one.every(({ url, body }, index) => url === other[index]?.url && textOf(body) === textOf(other[index].body))
    return same ? well : bad('The same request got another address or body.')
  },

  'lets no model write its own address': async (subject) => {
    const plain = await prepared(subject)
    const wild = await prepared(subject, { model: '../../x?y=z#w' }).catch(() => undefined)
    const escaped = wild?.every(({ url }, index) => {
      const [one, other] = [new URL(plain[index]?.url ?? url), new URL(url)]
      return one.origin === other.origin && one.search === other.search && other.hash === '' && !other.pathname.endsWith('/x')
    })
    return escaped === false
      ? bad('A model with `/`, `?` or `#` in it changes the address. Escape it with `encodeURIComponent`.')
      : well
  },

  'refuses an empty model where it stands in the address': async (subject) => {
    const addressed = (await prepared(subject, { model: 'leash-other-model' })).map(({ url }) => url)
    const plain = (await prepared(subject)).map(({ url }) => url)
    if (addressed.join() === plain.join()) return { skipped: 'The address does not depend on the model.' }
    const error = await thrownBy(prepared(subject, { model: '' }))
    if (error === undefined) return bad('An empty model is addressed as if it were one. Throw a LeashError `invalid_request`.')
    return isLeashError(error) ? well : bad(`An empty model throws ${messageOf(error)}, which is no LeashError.`)
  },

  'refuses a protocol that it does not speak': async (subject) => {
    const error = await thrownBy(prepared({ ...subject, protocols: ['leash-no-protocol'] }))
    if (error === undefined) return bad('A protocol that it does not name is addressed all the same. Throw a LeashError.')
    return isLeashError(error) ? well : bad(`It throws ${messageOf(error)}, which is no LeashError.`)
  },

  'names no secret in an error': async (subject) => {
    const { secret } = subject
    if (!secret) return { skipped: 'Pass `secret` to check it.' }
    const provoked = [prepared(subject, { model: '' }), prepared({ ...subject, protocols: ['leash-no-protocol'] })]
    const errors = (await Promise.all(provoked.map(thrownBy))).filter((error) => error !== undefined)
    const told = errors.flatMap((error) => [messageOf(error), JSON.stringify(error), String((error as Error).stack)])
    return told.some((text) => text?.includes(secret)) ? bad('An error message contains the key.') : well
  },
}

/** The first problem over all protocols, streamed and not. */
async function each(
  subject: Subject,
  verdict: (sent: HttpRequest, request: WireRequest) => Verdict,
  over: Partial<WireRequest> = {},
): Promise<Verdict> {
  for (const request of requestsFor(subject, over)) {
    const { problem } = verdict(await subject.provider.prepare(request), request)
    if (problem !== undefined) return bad(`${problem} (${request.protocol}, ${request.stream ? 'streamed' : 'not streamed'})`)
  }
  return well
}

async function prepared(subject: Subject, over: Partial<WireRequest> = {}): Promise<HttpRequest[]> {
  const out: HttpRequest[] = []
  for (const request of requestsFor(subject, over)) out.push(await subject.provider.prepare(request))
  return out
}

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown) => thrown,
  )

function requestsFor({ protocols, model }: Subject, over: Partial<WireRequest>): WireRequest[] {
  return protocols.flatMap((protocol) =>
    [false, true].map((stream) => {
      const named = over.model ?? model
      const body: JsonObject = { model: named, stream, messages: [{ role: 'user', content: 'Hello' }] }
      // Odd white space shows whether the bytes are kept.
      const text = JSON.stringify(body, null, 1)
      return frozen({ protocol, model: named, stream, body, text, headers: {}, ...over })
    }),
  )
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

function textOf(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

const isBasic = (name: string, value: string, secret: string) =>
  name.toLowerCase() === 'authorization' && value.startsWith('Basic ') && atob(value.slice('Basic '.length)).includes(secret)
