/** The way back: the values in the place of their placeholders. */
import type { TextEdit } from '../../core/edited-pieces.js'
import { findPlaceholders } from './placeholder.js'
import type { Vault } from './vault.js'
import { escaped } from './view.js'

/** @param inJson whether the text is JSON, and values must be escaped to stand in its strings; asked only when that matters */
export function restorations(
  text: string,
  vault: Vault,
  inJson: () => boolean,
): { readonly edits: TextEdit[]; readonly open: number } {
  const { found, open } = findPlaceholders(text, vault)
  if (found.length === 0) return { edits: [], open }
  let json: boolean | undefined
  const edits = found.map(({ start, end, token }) => {
    const value = vault.valueOf(token) ?? ''
    const spelt = escaped(value)
    if (spelt === value) return { start, end, text: value }
    json ??= inJson()
    return { start, end, text: json ? spelt : value }
  })
  return { edits, open }
}
