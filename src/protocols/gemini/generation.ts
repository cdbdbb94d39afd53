/**
 * Which generation of Gemini a model name means: what it takes for thinking, signatures and media in tool results
 * depends on it, and Google announces it nowhere but in the name.
 */
export interface Generation {
  /** 2.5, 3, 3.1 …; infinite for the `-latest` aliases, and undefined for a name that does not tell (Gemma, tuned models). */
  readonly version: number | undefined
  readonly pro: boolean
  readonly lite: boolean
}

export function generationOf(model: string): Generation {
  const number = /gemini-(\d+(?:\.\d+)?)/.exec(model)?.[1]
  const version = number ? Number(number) : /gemini-[\w.-]{0,100}latest/.test(model) ? Number.POSITIVE_INFINITY : undefined
  return { version, pro: /-pro\b/.test(model), lite: /-lite\b/.test(model) }
}

export function atLeast({ version }: Generation, wanted: number): boolean {
  return version !== undefined && version >= wanted
}
