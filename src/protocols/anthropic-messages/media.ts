/**
 * Images and documents, in both directions.
 * https://platform.claude.com/docs/en/build-with-claude/vision, …/pdf-support, …/files
 */
import { textOfBase64 } from '../../core/base64.js'
import { LeashError } from '../../core/errors.js'
import { asObject, asString, compact } from '../../core/json.js'
import type { FilePart, ImagePart, MediaSource, TextPart } from '../../core/message.js'
import { cacheHint } from '../cache-hint.js'
import { idAt } from '../file-ids.js'
import type { ReportLoss } from '../protocol.js'
import { type Block, blocksOf, cacheControl, type Sdk } from './wire.js'

export interface MediaContext {
  /** Where the part stands, for the report. */
  readonly path: string
  /** An address on the web is fetched by the vendor. */
  readonly addresses: boolean
  readonly lose: ReportLoss
}

const isWebAddress = (url: string) => /^https?:\/\//i.test(url)

/** Of a closed list, where only this spelling counts. Anthropic says itself which types it does not take. */
function imageType(mediaType: string): Sdk.Base64ImageSource['media_type'] {
  return mediaType.toLowerCase().replace(/^image\/jpg$/, 'image/jpeg') as Sdk.Base64ImageSource['media_type']
}

export function encodeImage(part: ImagePart, context: MediaContext): Sdk.ImageBlockParam | undefined {
  const { source } = part
  if (part.detail !== undefined && part.detail !== 'auto')
    context.lose(`${context.path}.image_url.detail`, 'dropped', 'the model decides how closely it looks')
  const block = (known: Sdk.ImageBlockParam['source']): Sdk.ImageBlockParam => ({
    type: 'image',
    source: known,
    ...cacheControl(part.cache),
  })
  switch (source.kind) {
    case 'base64':
      return block({ type: 'base64', media_type: imageType(source.mediaType), data: source.data })
    case 'file-id':
      return block({ type: 'file', file_id: idAt(source, 'anthropic') })
    case 'url':
      return fetched(source.url, context) ? block({ type: 'url', url: source.url }) : undefined
    case 'text':
      context.lose(context.path, 'dropped', 'an image cannot be given as text')
      return undefined
  }
}

function fetched(url: string, { path, addresses, lose }: MediaContext): boolean {
  if (addresses && isWebAddress(url)) return true
  lose(
    path,
    'dropped',
    addresses ? 'only http and https addresses are fetched' : 'this provider fetches no addresses: send the data',
  )
  return false
}

export function encodeFile(part: FilePart, context: MediaContext): Sdk.DocumentBlockParam | Sdk.ImageBlockParam | undefined {
  const { source, name, cache } = part
  const mediaType = source.kind === 'base64' ? source.mediaType : part.mediaType
  if (mediaType?.startsWith('image/')) return encodeImage({ type: 'image', source, ...(cache && { cache }) }, context)
  const known = documentSource(source, mediaType, context)
  if (!known) return undefined
  return { type: 'document', source: known, ...(name !== undefined && { title: name }), ...cacheControl(cache) }
}

function documentSource(
  source: MediaSource,
  mediaType: string | undefined,
  context: MediaContext,
): Sdk.DocumentBlockParam['source'] | undefined {
  switch (source.kind) {
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text }
    case 'file-id':
      return { type: 'file', file_id: idAt(source, 'anthropic') }
    case 'url':
      if (!fetched(source.url, context)) return undefined
      if (mediaType === undefined || mediaType === 'application/pdf') return { type: 'url', url: source.url }
      break
    case 'base64':
      if (mediaType === 'application/pdf') return { type: 'base64', media_type: 'application/pdf', data: source.data }
      if (mediaType?.startsWith('text/') || mediaType === 'application/json')
        return { type: 'text', media_type: 'text/plain', data: decodeText(source.data, context.path) }
  }
  context.lose(context.path, 'dropped', `a document is a PDF or plain text, not ${mediaType}`)
  return undefined
}

function decodeText(base64: string, path: string): string {
  const text = textOfBase64(base64)
  if (text !== undefined) return text
  throw new LeashError('invalid_request', `The data of the file at ${path} is no base64. Encode its bytes.`, { param: path })
}

export function decodeImage(block: Block, path: string, lose: ReportLoss): ImagePart | undefined {
  const source = mediaSource(asObject(block.source))
  if (block.transformations) lose(`${path}.transformations`, 'dropped', 'it is known to Anthropic alone')
  if (source) return { type: 'image', source, ...cacheHint(block.cache_control) }
  lose(path, 'dropped', 'an image of this source is unknown elsewhere')
  return undefined
}

export function decodeDocument(block: Block, path: string, lose: ReportLoss): FilePart | undefined {
  const raw = asObject(block.source)
  const source = mediaSource(raw) ?? contentSource(raw, path, lose)
  if (!source) {
    lose(path, 'dropped', 'a document of this source is unknown elsewhere')
    return undefined
  }
  if (asObject(block.citations).enabled === true)
    lose(`${path}.citations`, 'dropped', 'citations of a document cannot be asked for elsewhere')
  if (asString(block.context)) lose(`${path}.context`, 'dropped', 'a document has no context elsewhere')
  const mediaType = source.kind === 'url' ? 'application/pdf' : source.kind === 'text' ? 'text/plain' : undefined
  return compact({ type: 'file' as const, source, mediaType, name: asString(block.title), ...cacheHint(block.cache_control) })
}

function mediaSource(raw: Record<string, unknown>): MediaSource | undefined {
  const data = asString(raw.data)
  const mediaType = asString(raw.media_type)
  const url = asString(raw.url)
  const id = asString(raw.file_id)
  if (raw.type === 'url' && url !== undefined) return { kind: 'url', url }
  if (raw.type === 'file' && id !== undefined) return { kind: 'file-id', id }
  if (raw.type === 'text' && data !== undefined) return { kind: 'text', text: data }
  if (raw.type === 'base64' && data !== undefined && mediaType !== undefined) return { kind: 'base64', data, mediaType }
  return undefined
}

/** A document given as blocks of its own, which are what its citations point at. */
function contentSource(raw: Record<string, unknown>, path: string, lose: ReportLoss): MediaSource | undefined {
  if (raw.type !== 'content') return undefined
  const blocks = blocksOf(raw.content)
  const texts = blocks.map(({ text }) => asString(text)).filter((text) => text !== undefined)
  if (texts.length < blocks.length) lose(`${path}.source.content`, 'dropped', 'only the text of a document in blocks is carried')
  if (blocks.length > 1) lose(`${path}.source.content`, 'approximated', 'the blocks of the document are joined')
  return { kind: 'text', text: texts.join('\n\n') }
}

/** A search result of the caller's own making. */
export function decodeSearchResult(block: Block, path: string, lose: ReportLoss): TextPart {
  lose(path, 'approximated', 'a search result is told as text')
  if (asObject(block.citations).enabled === true)
    lose(`${path}.citations`, 'dropped', 'citations of a search result cannot be asked for elsewhere')
  const lines = [asString(block.title), asString(block.source), ...blocksOf(block.content).map(({ text }) => asString(text))]
  return { type: 'text', text: lines.filter(Boolean).join('\n'), ...cacheHint(block.cache_control) }
}
