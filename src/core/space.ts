/** One name for a key in a space of a store. No two pairs have the same one. */
export const nameIn = (space: string, key: string): string => `${space.length} ${space}${key}`
