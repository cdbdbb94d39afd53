/** Asks providers for a sign of life, again and again or when told to. */
import { codeOf } from './core/code-of.js'
import type { Emitter } from './core/emitter.js'
import type { Probe } from './core/health.js'
import type { ProbeRequest, Provider } from './core/provider.js'
import { every } from './core/timers.js'
import type { Transport } from './core/transport.js'
import type { HealthOptions } from './health.js'

export interface ProbesContext {
  readonly transport: Transport
  readonly emitter?: Emitter
}

export class Probes {
  readonly #providers: readonly Provider[]
  readonly #options: HealthOptions
  readonly #context: ProbesContext
  readonly #results = new Map<string, Probe>()
  readonly #underway = new Map<string, Promise<Probe>>()
  readonly #closing = new AbortController()
  #timers: (() => void)[] = []

  constructor(providers: readonly Provider[], options: HealthOptions, context: ProbesContext) {
    this.#providers = providers
    this.#options = options
    this.#context = context
  }

  /** Does nothing where a host allows no timers outside of a request: there, whoever looks at the results renews them. */
  start(): void {
    if (!hasTimers() || this.#closing.signal.aborted) return
    for (const provider of this.#providers) {
      void this.ask(provider)
      this.#timers.push(every(this.#intervalOf(provider), () => this.ask(provider)))
    }
  }

  /** What the last probe found. */
  resultOf(provider: Provider): Probe | undefined {
    const last = this.#results.get(provider.name)
    const due = !last || Date.now() - last.at >= this.#intervalOf(provider)
    if (due && this.#timers.length === 0 && this.#providers.includes(provider)) void this.ask(provider)
    return last
  }

  /** One at a time: a probe that hangs is not followed by another. */
  ask(provider: Provider): Promise<Probe> {
    const { name } = provider
    const underway = this.#underway.get(name)
    if (underway) return underway
    const asked = this.#ask(provider).finally(() => this.#underway.delete(name))
    this.#underway.set(name, asked)
    return asked
  }

  close(): void {
    for (const stop of this.#timers) stop()
    this.#timers = []
    this.#closing.abort()
  }

  async #ask(provider: Provider): Promise<Probe> {
    const [at, began] = [Date.now(), performance.now()]
    const found = await this.#send(provider)
    const probe = { ...found, at, latencyMs: Math.round(performance.now() - began) }
    // Of a leash that was closed meanwhile, nobody wants to know.
    if (this.#closing.signal.aborted) return probe
    this.#results.set(provider.name, probe)
    const { emitter } = this.#context
    if (emitter?.heard('probe')) emitter.emit('probe', { provider: provider.name, ...probe })
    return probe
  }

  async #send(provider: Provider): Promise<Pick<Probe, 'ok' | 'status' | 'error'>> {
    const { timeoutMs = 5000 } = this.#options
    const timeout = AbortSignal.timeout(timeoutMs)
    let request: ProbeRequest | undefined
    try {
      request = await provider.probe?.(this.#options.providers?.[provider.name]?.path)
      if (!request) return { ok: false, error: 'It has no address for this.' }
      const { status, ok, body } = await this.#context.transport(request.url, {
        method: 'GET',
        headers: { ...request.headers },
        redirect: 'manual',
        signal: AbortSignal.any([timeout, this.#closing.signal]),
      })
      body?.cancel().catch(() => {})
      return ok ? { ok, status } : { ok, status, error: refusal(status) }
    } catch (error) {
      return { ok: false, error: timeout.aborted ? `There was no answer within ${timeoutMs} ms.` : reason(error) }
    } finally {
      request?.key?.done()
    }
  }

  #intervalOf({ name }: Provider): number {
    return this.#options.providers?.[name]?.intervalMs ?? this.#options.intervalMs ?? 30_000
  }
}

/** Cloudflare's host forbids timers outside of a request, and forgets them at its end. */
function hasTimers(): boolean {
  return globalThis.navigator?.userAgent !== 'Cloudflare-Workers'
}

function refusal(status: number): string {
  if (status === 401 || status === 403) return `It answered ${status}. See to its key.`
  return status === 404 ? 'It answered 404. Give it another `path`.' : `It answered ${status}.`
}

/** The platform's own words may quote the address, and so a key in it. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'It could not be asked.'
  if ('detail' in error && typeof error.detail === 'string') return error.detail
  return `The connection failed: ${codeOf(error.cause) ?? error.name}.`
}
