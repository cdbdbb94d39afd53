/** Annotations of an output text, and neutral citations. */
import type { ResponseOutputText } from 'openai/resources/responses/responses'
import { asArray, asNumber, asString, compact, isObject, type JsonObject, type Members } from '../../core/json.js'
import type { Citation } from '../../core/message.js'

export type Annotation = ResponseOutputText['annotations'][number]

export function decodeAnnotations(annotations: unknown): Citation[] {
  return asArray(annotations).filter(isObject).map(decodeAnnotation)
}

export function decodeAnnotation(annotation: Members): Citation {
  return compact({
    url: asString(annotation.url),
    title: asString(annotation.title) ?? asString(annotation.filename),
    start: asNumber(annotation.start_index),
    end: asNumber(annotation.end_index),
    raw: annotation as JsonObject,
  })
}

const ownTypes = new Set(['url_citation', 'file_citation', 'container_file_citation', 'file_path'])

/** OpenAI's own go back as they came. Others become a web citation, or name their document. */
export function encodeCitation({ url, title, start, end, raw }: Citation, textLength: number): Annotation | undefined {
  if (isOwn(raw)) return raw
  const stop = end ?? textLength
  if (url !== undefined) {
    return { type: 'url_citation', url, title: title ?? url, start_index: start ?? 0, end_index: stop }
  }
  if (title !== undefined) return { type: 'file_citation', file_id: '', filename: title, index: stop }
  return undefined
}

/** Chat completions use the same names, with the members one level deeper. */
function isOwn(raw: unknown): raw is Annotation {
  return isObject(raw) && typeof raw.type === 'string' && ownTypes.has(raw.type) && !(raw.type in raw)
}
