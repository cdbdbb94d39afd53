/** Files: one kind of part for images, speech and documents, told apart by their media type. */
import { asObject, asString, type Members } from '../../core/json.js'
import type { AudioPart, FilePart, ImagePart, MediaSource } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { metadataOf } from './signature.js'
import type { WireFile } from './wire.js'

/** How the base64 of a kind of file begins: a media type may be told as `image` alone. */
const beginnings: readonly (readonly [begins: string, mediaType: string])[] = [
  ['iVBORw', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lG', 'image/gif'],
  ['UklGR', 'image/webp'],
  ['JVBERi', 'application/pdf'],
  ['SUQz', 'audio/mpeg'],
  ['//', 'audio/mpeg'],
  ['T2dn', 'audio/ogg'],
]

const whole = /^[^/*]+\/[^/*]+$/

function typeOf(told: string, data: string): string {
  if (whole.test(told)) return told
  const kind = told.split('/')[0] ?? ''
  const [, known] = beginnings.find(([begins, type]) => data.startsWith(begins) && type.startsWith(kind)) ?? []
  return known ?? (kind === 'image' ? 'image/png' : kind === 'audio' ? 'audio/wav' : 'application/octet-stream')
}

const dataUrl = /^data:([^;,]+)?(?:;[^,]*)?;base64,/

function readSource(data: Members, told: string): MediaSource | undefined {
  switch (data.type) {
    case 'data':
      return typeof data.data === 'string' ? { kind: 'base64', data: data.data, mediaType: typeOf(told, data.data) } : undefined
    case 'url': {
      const url = asString(data.url)
      const [head, mediaType = told] = (url && dataUrl.exec(url)) || []
      if (head && url)
        return { kind: 'base64', data: url.slice(head.length), mediaType: typeOf(mediaType, url.slice(head.length)) }
      return url === undefined ? undefined : { kind: 'url', url }
    }
    case 'text':
      return typeof data.text === 'string' ? { kind: 'text', text: data.text } : undefined
    case 'reference': {
      const all = Object.entries(asObject(data.reference)).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      )
      const [first] = all
      return first && { kind: 'file-id', id: first[1], ...(all.length > 1 && { ids: Object.fromEntries(all) }) }
    }
  }
  return undefined
}

/** @returns undefined, and says so, where the file cannot be had */
export function readFile(part: Members, path: string, lose: ReportLoss): ImagePart | AudioPart | FilePart | undefined {
  const told = asString(part.mediaType) ?? ''
  const source = readSource(asObject(part.data), told)
  if (!source) {
    lose(path, 'dropped', 'A file is given as data, text, an address or a reference.')
    return undefined
  }
  if (/^image(?:\/|$)/.test(told)) {
    const detail = asString(asObject(asObject(part.providerOptions).openai).imageDetail)
    return { type: 'image', source, ...(detail !== undefined && { detail }) }
  }
  if (/^audio(?:\/|$)/.test(told)) return { type: 'audio', source }
  const name = asString(part.filename)
  return { type: 'file', source, ...(whole.test(told) && { mediaType: told }), ...(name !== undefined && { name }) }
}

/** Of an answer. @returns undefined, and says so, for what no other vendor answers with */
export function readShown(part: Members, lost: (why: string) => void): ImagePart | AudioPart | undefined {
  const file = readFile(part, '', (_path, _action, why) => lost(why))
  if (file?.type !== 'file') return file
  lost('Files that are neither images nor speech are not translated.')
  return undefined
}

/** Vendors that keep files: each model looks for its own among them. */
const stores = ['openai', 'azure', 'anthropic', 'google', 'xai']

/** Of a request. */
export function writeData(source: MediaSource): Members {
  switch (source.kind) {
    case 'base64':
      return { type: 'data', data: source.data }
    case 'url':
      return { type: 'url', url: source.url }
    case 'text':
      return { type: 'text', text: source.text }
    case 'file-id':
      return { type: 'reference', reference: source.ids ?? Object.fromEntries(stores.map((vendor) => [vendor, source.id])) }
  }
}

/** Of an answer. @returns undefined where there is nothing to show of it */
export function writeFile(part: ImagePart | AudioPart): WireFile | undefined {
  const { source } = part
  const metadata = part.type === 'audio' && part.transcript !== undefined ? metadataOf({}, { transcript: part.transcript }) : {}
  if (source.kind === 'base64')
    return { type: 'file', mediaType: source.mediaType, data: { type: 'data', data: source.data }, ...metadata }
  if (source.kind === 'url')
    return { type: 'file', mediaType: `${part.type}/*`, data: { type: 'url', url: source.url }, ...metadata }
  return undefined
}
