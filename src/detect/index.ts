import { createDetector } from './detector.js'
import type { Detection, DetectOptions } from './types.js'

export { createDetector, loadDetector } from './detector.js'
export {
  type CustomPattern,
  type Detection,
  type DetectOptions,
  type Detector,
  type EntityType,
  entityTypes,
  optInTypes,
} from './types.js'

let plain: ReturnType<typeof createDetector> | undefined

/** Finds personal data and secrets in one text. With options of one's own and many texts, make a detector once. */
export function detect(text: string, options?: DetectOptions): Detection[] {
  if (options !== undefined) return createDetector(options).detect(text)
  plain ??= createDetector()
  return plain.detect(text)
}
