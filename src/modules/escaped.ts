/** A text as a pattern that matches it, for RE2 as well. */
export const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
