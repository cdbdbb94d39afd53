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
  if (address !== value) variants.add(address).add(address.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))
  const bytes = isAscii(value) ? value : String.fromCharCode(...new TextEncoder().encode(value))
  const base64 = btoa(bytes).replace(/=+$/, '')
  variants.add(base64)
  if (/[+/]/.test(base64)) variants.add(base64.replaceAll('+', '-').replaceAll('/', '_'))
  return variants
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false
  return true
}

/** Half of a pair of surrogates cannot be encoded. */
function percentEncoded(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}
