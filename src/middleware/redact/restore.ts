/** The way back: the values in the place of their placeholders. */
import type { TextEdit } from '../../core/edited-pieces.js'
import { findPlaceholders } from './placeholder.js'
import type { Vault } from './vault.js'
import { escaped, isJson } from './view.js'

export function restored(text: string, vault: Vault): string {
  return edited(text, restorations(text, vault, isJson).edits)
}

/**
 * @param inJson whether the text is JSON, and values must be escaped to stand in its strings; asked only when that matters
 */
export function restorations(
  text: string,
  vault: Vault,
  inJson: (text: string) => boolean,
): { readonly edits: TextEdit[]; readonly open: number } {
  const { found, open } = findPlaceholders(text, vault)
  if (found.length === 0) return { edits: [], open }
  let json: boolean | undefined
  const edits = found.map(({ start, end, token }) => {
    const value = vault.valueOf(token) ?? ''
    const spelt = escaped(value)
    if (spelt === value) return { start, end, text: value }
    json ??= inJson(text)
    return { start, end, text: json ? spelt : value }
  })
  return { edits, open }
}

export function edited(text: string, edits: readonly TextEdit[]): string {
  if (edits.length === 0) return text
  let out = ''
  let from = 0
  for (const edit of edits) {
    out += text.slice(from, edit.start) + edit.text
    from = edit.end
  }
  return out + text.slice(from)
}
