import { mockProviders } from 'leashllm/testing'
import type { RelayOptions } from '../src/relay/relay.ts'

/** What the relays of bench/relay.ts hold calls to. @param origin of the mock vendor */
export function relayOptions(origin: string, budget: boolean): RelayOptions {
  const access = { providers: { allow: ['openai'] } }
  return {
    policy: budget ? { access, budgets: [{ limit: { usd: 1_000_000 }, per: 'day' }] } : { access },
    leash: { providers: { openai: { baseURL: `${origin}/v1`, apiKey: 'sk-bench' } } },
  }
}

/** A relay that every kind of request can be asked of, in front of mocks of every vendor. @param origin of the mock vendors */
export function soakOptions(origin: string): RelayOptions {
  return {
    policy: { access: { raw: ['openai'] }, budgets: [{ name: 'daily', limit: { usd: 1_000_000 }, per: 'day' }] },
    leash: { providers: mockProviders(origin) },
    throttle: { wrongKeys: false },
  }
}
