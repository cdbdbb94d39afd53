/** Notes in the audit trail what a policy's shadow would have refused: once in an hour for each key and reason. */
import type { UsageTaken } from '../../control/wire.js'
import type { LedgerLine } from '../../core/ledger.js'
import { Recent } from '../../core/recent.js'
import type { Audit } from '../audit/audit.js'

const hourMs = 3_600_000

/** Keys and reasons of the hour. */
const mostKnown = 10_000

export interface WouldRefuseDeps {
  readonly audit: Audit
  readonly warn: (message: string) => void
}

export class WouldRefuse {
  readonly #deps: WouldRefuseDeps
  readonly #told = new Recent<string, number>(mostKnown)

  constructor(deps: WouldRefuseDeps) {
    this.#deps = deps
  }

  /** A trail that cannot be written costs no line. */
  async note(lines: readonly LedgerLine[]): Promise<void> {
    for (const { shadow = [], tenant = '', key = '', provider, model, at } of lines) {
      for (const code of new Set(shadow)) {
        const hour = Math.floor(at / hourMs)
        const name = JSON.stringify([tenant, key, code])
        if ((this.#told.get(name) ?? -1) >= hour) continue
        this.#told.set(name, hour)
        const detail = { code, target: `${provider}/${model}` }
        await this.#deps.audit
          .append({ actor: key === '' ? 'relay' : key, action: 'policy.would_refuse', tenant, target: key, detail })
          .catch((error) => this.#deps.warn(`What a policy would have refused was not noted: ${String(error)}`))
      }
    }
  }
}

/** What is to be done with each batch of lines. */
export const noting =
  (metrics: { took(taken: UsageTaken): void }, would: WouldRefuse) =>
  async (taken: UsageTaken, lines: readonly LedgerLine[]): Promise<void> => {
    metrics.took(taken)
    await would.note(lines)
  }
