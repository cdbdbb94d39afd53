import type { NumberRun } from './number-run.js'

/** Whether an IPv4 address begins with the group: four parts of at most 255, with dots and without leading zeros, and not four of more. */
export function isDottedQuad(run: NumberRun, group: number): boolean {
  if (group > 0 && run.separator(group - 1) === 46) return false
  for (let part = group; part < group + 4; part++) {
    const value = run.value(part)
    if (value < 0 || value > 255 || (run.length(part) > 1 && run.text.codeAt(run.startOf(part)) === 48)) return false
    if (part < group + 3 ? run.separator(part) !== 46 : run.separator(part) === 46) return false
  }
  return true
}
