/** How webhooks are signed: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { createHmac, hkdfSync } from 'node:crypto'

const prefix = 'whsec_'

/**
 * Made of the pepper and kept nowhere: a stolen database gives none away.
 *
 * @param generation another one for each time that the secret was turned over
 */
export function secretOf(pepper: string, endpoint: string, generation: number): string {
  const bytes = hkdfSync('sha256', pepper, 'leash webhook', `${endpoint} ${generation}`, 32)
  return prefix + Buffer.from(bytes).toString('base64')
}

/**
 * @param secrets each of them signs: while a secret is turned over, its holder knows the one or the other
 * @param at milliseconds since 1970
 */
export function signedHeaders(secrets: readonly string[], id: string, at: number, body: string): Record<string, string> {
  const seconds = Math.floor(at / 1000)
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures.join(' ') }
}
