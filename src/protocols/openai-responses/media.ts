/** Texts, images and files: `input_text`, `input_image`, `input_file` and their neutral parts. */
import type { ResponseInputContent } from 'openai/resources/responses/responses'
import { base64Of } from '../../core/base64.js'
import { asObject, asString, type Members } from '../../core/json.js'
import type { AudioPart, FilePart, ImagePart, MediaSource, TextPart } from '../../core/message.js'
import { cacheMembers, openAiCacheHint } from '../cache-hint.js'
import { shown, sourceOf } from '../data-url.js'
import { idAt } from '../file-ids.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { invalid, noticeUnread } from './wire.js'

const textMembers = new Set(['type', 'text', ...cacheMembers])
const imageMembers = new Set(['type', 'image_url', 'file_id', 'detail', ...cacheMembers])
const fileMembers = new Set(['type', 'file_data', 'file_url', 'file_id', 'filename', ...cacheMembers])

export function decodeContent(part: Members, path: string, lose: ReportLoss): TextPart | ImagePart | FilePart | undefined {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      noticeUnread(part, textMembers, path, lose)
      return { type: 'text', text: asString(part.text) ?? '', ...openAiCacheHint(part, path, lose) }
    case 'input_image':
      noticeUnread(part, imageMembers, path, lose)
      return shown(decodeImage(part, path, lose))
    case 'input_file':
      noticeUnread(part, fileMembers, path, lose)
      return decodeFile(part, path, lose)
  }
  lose(path, 'dropped', `A content part of type "${String(part.type)}" has no counterpart outside the Responses API.`)
  return undefined
}

function decodeImage(part: Members, path: string, lose: ReportLoss): ImagePart {
  const url = asString(part.image_url)
  const id = asString(part.file_id)
  if (url === undefined && id === undefined)
    throw invalid(`${path}.image_url`, 'An input_image needs an `image_url` (an address or a data URL) or a `file_id`.')
  const detail = asString(part.detail)
  return {
    type: 'image',
    source: url !== undefined ? sourceOf(url) : { kind: 'file-id', id: id ?? '' },
    ...(detail !== undefined && detail !== 'auto' && { detail }),
    ...openAiCacheHint(part, path, lose),
  }
}

function decodeFile(part: Members, path: string, lose: ReportLoss): FilePart {
  const name = asString(part.filename)
  const source = fileSource(part, path)
  return {
    type: 'file',
    source,
    ...(source.kind === 'base64' && { mediaType: source.mediaType }),
    ...(name !== undefined && { name }),
    ...openAiCacheHint(part, path, lose),
  }
}

function fileSource(part: Members, path: string): MediaSource {
  const data = asString(part.file_data)
  const url = asString(part.file_url)
  const id = asString(part.file_id)
  if (data !== undefined) {
    // Bare base64 names no type. A PDF is what OpenAI's own guide sends.
    return data.startsWith('data:') ? sourceOf(data) : { kind: 'base64', data, mediaType: 'application/pdf' }
  }
  if (url !== undefined) return sourceOf(url)
  if (id !== undefined) return { kind: 'file-id', id }
  throw invalid(`${path}.file_data`, 'An input_file needs `file_data` (a data URL), a `file_url` or a `file_id`.')
}

/** The API itself takes no audio here, but its types name the part, and other vendors can use it. */
export function decodeAudio(part: Members, path: string): AudioPart {
  const audio = asObject(part.input_audio)
  const data = asString(audio.data)
  if (data === undefined) throw invalid(`${path}.input_audio.data`, 'An input_audio needs its `data` as base64.')
  const mediaType = audio.format === 'mp3' ? 'audio/mpeg' : `audio/${asString(audio.format) ?? 'wav'}`
  return { type: 'audio', source: { kind: 'base64', data, mediaType } }
}

/** `prompt_cache_breakpoint` would be refused by every model before gpt-5.6. */
export function noticeCache(part: object, path: string, lose: ReportLoss): void {
  if ('cache' in part && part.cache)
    lose(`${path}.cache_control`, 'approximated', 'The target caches prefixes by itself and takes no breakpoints.')
}

export function encodeContent(
  part: TextPart | ImagePart | FilePart | AudioPart,
  path: string,
  context: EncodeContext,
): ResponseInputContent | undefined {
  noticeCache(part, path, context.lose)
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text }
    case 'image':
      return encodeImage(part, path, context)
    case 'file':
      return encodeFile(part)
    case 'audio':
      context.lose(path, 'dropped', 'The Responses API takes no audio.')
      return undefined
  }
}

function encodeImage({ source, detail }: ImagePart, path: string, context: EncodeContext): ResponseInputContent | undefined {
  if (source.kind === 'file-id') return { type: 'input_image', file_id: idAt(source, 'openai'), detail: detailOf(detail) }
  if (source.kind === 'url' && context.traits.imageUrls === false) {
    context.lose(path, 'dropped', 'The target takes images as data only, not by their address.')
    return undefined
  }
  return { type: 'input_image', image_url: urlOf(source), detail: detailOf(detail) }
}

function encodeFile({ source, name }: FilePart): ResponseInputContent {
  if (source.kind === 'file-id') return { type: 'input_file', file_id: idAt(source, 'openai') }
  if (source.kind === 'url') return { type: 'input_file', file_url: source.url, ...(name !== undefined && { filename: name }) }
  const extension = source.kind === 'text' ? 'txt' : (source.mediaType.split('/')[1] ?? 'bin')
  return { type: 'input_file', filename: name ?? `file.${extension}`, file_data: urlOf(source) }
}

function urlOf(source: Exclude<MediaSource, { kind: 'file-id' }>): string {
  switch (source.kind) {
    case 'url':
      return source.url
    case 'base64':
      return `data:${source.mediaType};base64,${source.data}`
    case 'text':
      return `data:text/plain;base64,${base64Of(source.text)}`
  }
}

function detailOf(detail: string | undefined): 'low' | 'high' | 'auto' | 'original' {
  return detail === 'low' || detail === 'high' || detail === 'original' ? detail : 'auto'
}
