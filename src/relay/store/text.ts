/** Whether every database gives the text back as it is: none holds half of a pair of surrogates, and Postgres no NUL. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** The text without what {@link isStorable} refuses. */
export const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed()

/** Whether it may be kept, and is no longer than that. */
export const fits = (text: string, most: number): boolean => text.length <= most && isStorable(text)
