import { checkOptions } from '../../src/config/schema.js'

/** What is said against these options. */
export function fault(options: unknown): string {
  try {
    checkOptions(options)
    return 'taken'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
