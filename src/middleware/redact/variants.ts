import { escaped } from './view.js'

/** A shorter value is too likely a part of something else. */
const shortest = 5
const longestEncoded = 4096
/** A list of thousands of values is one that was made of them, and holds each as it is. */
export const mostEncoded = 10_000

/** How else a value may be spelt in a text: in JSON, in an address, in base64 by itself. */
export function variantsOf(value: string, encoded: boolean): ReadonlySet<string> {
  if (value.length < shortest) return new Set()
  const variants = new Set([value, escaped(value)])
  if (!encoded || value.length > longestEncoded) return variants
  const address = percentEncoded(value)
  variants.add(address)
  variants.add(address.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))
  const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(value))).replace(/=+$/, '')
  variants.add(base64)
  variants.add(base64.replaceAll('+', '-').replaceAll('/', '_'))
  return variants
}

/** Half of a pair of surrogates cannot be encoded. */
function percentEncoded(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}
