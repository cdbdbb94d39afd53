/**
 * Money is a whole number of nano-dollars: 1 is 10⁻⁹ US dollars. So sums are exact, whatever their order, and a total never
 * drifts as one of floats does.
 *
 * A number, and no bigint: it is exact up to {@link mostNano}, nine million dollars in one sum, travels in JSON, and costs no
 * allocation where every attempt is priced. What is smaller than one nano-dollar is rounded in one place, where the tokens of
 * an attempt meet their price: see `costOf` in price.ts.
 */
import { LeashError } from './errors.js'

/** Whole nano-dollars: 10⁻⁹ US dollars. */
export type Nano = number

const perDollar = 1_000_000_000

/** Nine million dollars: beyond it a number no longer holds every nano-dollar. */
export const mostNano: Nano = Number.MAX_SAFE_INTEGER

/**
 * Dollars as somebody wrote them. Further decimals than nine are rounded, half of one upwards.
 *
 * @example
 * parseUsd('0.0375') // 37_500_000
 * @throws LeashError `invalid_config` when it is no amount, or one too large to be exact
 */
export function parseUsd(usd: string | number): Nano {
  const text = typeof usd === 'number' ? plain(usd) : usd.trim()
  const [, minus, dollars = '', decimals = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (minus === undefined)
    throw new LeashError('invalid_config', 'An amount of money must be a number of US dollars, such as 2.5 or "0.0375".')
  const up = (decimals[9] ?? '0') >= '5' ? 1 : 0
  const nano = Number(dollars) * perDollar + Number(decimals.slice(0, 9).padEnd(9, '0')) + up
  if (nano > mostNano)
    throw new LeashError('invalid_config', `An amount of money must be below ${formatUsd(mostNano)} US dollars.`)
  return minus && nano > 0 ? -nano : nano
}

/** Every nano-dollar, and no exponent: `0.0000375`. */
export function formatUsd(nano: Nano): string {
  const digits = String(Math.abs(nano)).padStart(10, '0')
  const decimals = digits.slice(-9).replace(/0+$/, '')
  return `${nano < 0 ? '-' : ''}${digits.slice(0, -9)}${decimals && `.${decimals}`}`
}

/** For people and for JSON. Sums are made of nano-dollars, never of these. */
export function usdOf(nano: Nano): number {
  return nano / perDollar
}

/** A number's shortest decimals, also where JavaScript writes an exponent. */
function plain(usd: number): string {
  const text = String(usd)
  return text.includes('e') ? usd.toFixed(12) : text
}
