/** Images, files and sound: the content parts of a user's message and their neutral parts, in both directions. */
import type OpenAI from 'openai'
import { asObject, asString, isObject, type Members } from '../../core/json.js'
import type { AudioPart, FilePart, ImagePart, MediaSource, TextPart, UserPart } from '../../core/message.js'
import { cacheMembers, openAiCacheHint } from '../cache-hint.js'
import { shown, sourceOf } from '../data-url.js'
import { idAt } from '../file-ids.js'
import { invalid } from '../invalid.js'
import type { ReportLoss } from '../protocol.js'
import { noticeUnread, type WireContentPart, type WireTextPart, writeCache } from './wire.js'

const members = {
  text: new Set(['type', 'text', ...cacheMembers]),
  image: new Set(['type', 'image_url', ...cacheMembers]),
  audio: new Set(['type', 'input_audio']),
  file: new Set(['type', 'file', ...cacheMembers]),
  video: new Set(['type', 'video_url', ...cacheMembers]),
}
/** Of what stands within a part. */
const within = {
  image_url: new Set(['url', 'detail']),
  input_audio: new Set(['data', 'format']),
  file: new Set(['file_data', 'file_id', 'filename']),
  video_url: new Set(['url']),
}

type PartReader = (part: Members, path: string, lose: ReportLoss) => UserPart

const readers = new Map<unknown, PartReader>([
  ['text', readText],
  ['image_url', (part, path, lose) => shown(readImage(part, path, lose))],
  ['input_audio', readAudio],
  ['file', readFile],
  // vLLM's and OpenRouter's; OpenAI itself takes no video.
  ['video_url', readVideo],
])

export function readUserPart(part: unknown, path: string, lose: ReportLoss): UserPart | undefined {
  if (typeof part === 'string') return { type: 'text', text: part }
  if (!isObject(part)) throw invalid(path, 'is to be a content part: an object with a `type`.')
  const read = readers.get(part.type)
  if (read) return read(part, path, lose)
  lose(path, 'dropped', `A content part of type "${String(part.type)}" has no counterpart outside the Chat Completions API.`)
  return undefined
}

export function readText(part: Members, path: string, lose: ReportLoss): TextPart {
  noticeUnread(part, members.text, path, lose)
  const text = asString(part.text)
  if (text === undefined) throw invalid(`${path}.text`, 'is to be a string.')
  return { type: 'text', text, ...openAiCacheHint(part, path, lose) }
}

export function readImage(part: Members, path: string, lose: ReportLoss): ImagePart {
  noticeUnread(part, members.image, path, lose)
  // Mistral writes the address without the object around it.
  const image = isObject(part.image_url) ? part.image_url : { url: part.image_url }
  noticeUnread(image, within.image_url, `${path}.image_url`, lose)
  const url = asString(image.url)
  if (!url) throw invalid(`${path}.image_url.url`, 'is to be an address or a data URL.')
  const detail = asString(image.detail)
  return {
    type: 'image',
    source: sourceOf(url),
    ...(detail !== undefined && { detail }),
    ...openAiCacheHint(part, path, lose),
  }
}

function readAudio(part: Members, path: string, lose: ReportLoss): AudioPart {
  noticeUnread(part, members.audio, path, lose)
  const audio = asObject(part.input_audio)
  noticeUnread(audio, within.input_audio, `${path}.input_audio`, lose)
  const data = asString(audio.data)
  if (!data) throw invalid(`${path}.input_audio.data`, 'is to be base64.')
  return { type: 'audio', source: { kind: 'base64', data, mediaType: audioType(asString(audio.format) ?? 'wav') } }
}

function readFile(part: Members, path: string, lose: ReportLoss): FilePart {
  noticeUnread(part, members.file, path, lose)
  const file = asObject(part.file)
  noticeUnread(file, within.file, `${path}.file`, lose)
  const name = asString(file.filename)
  const source = fileSource(asString(file.file_data), asString(file.file_id), name)
  if (!source) throw invalid(`${path}.file`, 'needs `file_data` (base64 or a data URL) or `file_id`.')
  return {
    type: 'file',
    source,
    ...(source.kind === 'base64' && { mediaType: source.mediaType }),
    ...(name !== undefined && { name }),
    ...openAiCacheHint(part, path, lose),
  }
}

function fileSource(data: string | undefined, id: string | undefined, name: string | undefined): MediaSource | undefined {
  if (!data) return id ? { kind: 'file-id', id } : undefined
  // OpenRouter takes an address here too. Base64 has no colon.
  if (/^[a-z][a-z\d]*:/i.test(data)) return sourceOf(data)
  return { kind: 'base64', data, mediaType: typeByEnding.get(name?.split('.').pop()?.toLowerCase()) ?? 'application/pdf' }
}

/** OpenAI takes bare base64 beside data URLs, and then only the name shows the type. */
const typeByEnding = new Map<string | undefined, string>([
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['json', 'application/json'],
])

function readVideo(part: Members, path: string, lose: ReportLoss): FilePart {
  noticeUnread(part, members.video, path, lose)
  const video = isObject(part.video_url) ? part.video_url : { url: part.video_url }
  noticeUnread(video, within.video_url, `${path}.video_url`, lose)
  const url = asString(video.url)
  if (!url) throw invalid(`${path}.video_url.url`, 'is to be an address or a data URL.')
  const source = sourceOf(url)
  const mediaType = source.kind === 'base64' ? source.mediaType : 'video/mp4'
  return { type: 'file', source, mediaType, ...openAiCacheHint(part, path, lose) }
}

/** Of an answer, which does not say in which format it speaks: `wav` is what callers ask for most. */
export function readSpoken(audio: unknown): AudioPart[] {
  const { data, transcript } = asObject(audio)
  if (typeof data !== 'string') return []
  const source = { kind: 'base64' as const, data, mediaType: audioType('wav') }
  return [{ type: 'audio', source, ...(typeof transcript === 'string' && { transcript }) }]
}

function audioType(format: string): string {
  return format === 'mp3' ? 'audio/mpeg' : format === 'pcm16' ? 'audio/pcm' : `audio/${format}`
}

/** OpenAI takes wav and mp3; the rest is for compatible vendors, and OpenAI's to refuse. */
function audioFormat(mediaType: string): 'wav' | 'mp3' {
  const format = mediaType.slice('audio/'.length).split(';')[0] ?? ''
  if (format === 'mpeg' || format === 'mp3') return 'mp3'
  return (/wav/.test(format) ? 'wav' : format) as 'wav' | 'mp3'
}

export function writeText({ text, cache }: TextPart): WireTextPart {
  return { type: 'text', text, ...writeCache(cache) }
}

export function writeUserPart(part: UserPart, path: string, lose: ReportLoss): WireContentPart | undefined {
  switch (part.type) {
    case 'text':
      return writeText(part)
    case 'image':
      return writeImage(part, path, lose)
    case 'audio':
      return writeAudio(part, path, lose)
    case 'file':
      return writeFile(part, path, lose)
  }
}

export function urlOf(source: MediaSource): string | undefined {
  if (source.kind === 'url') return source.url
  if (source.kind === 'base64') return `data:${source.mediaType};base64,${source.data}`
  return undefined
}

type Detail = OpenAI.ChatCompletionContentPartImage.ImageURL['detail']

function writeImage({ source, detail, cache }: ImagePart, path: string, lose: ReportLoss): WireContentPart | undefined {
  const url = urlOf(source)
  if (url !== undefined) {
    const image = { url, ...(detail !== undefined && { detail: detail as Exclude<Detail, undefined> }) }
    return { type: 'image_url', image_url: image, ...writeCache(cache) }
  }
  if (source.kind === 'file-id') {
    lose(path, 'approximated', 'Chat Completions takes uploaded images only as files; it is sent as a `file` part.')
    return { type: 'file', file: { file_id: idAt(source, 'openai') }, ...writeCache(cache) }
  }
  lose(path, 'dropped', 'An image cannot be text.')
  return undefined
}

function writeAudio({ source }: AudioPart, path: string, lose: ReportLoss): WireContentPart | undefined {
  if (source.kind === 'base64')
    return { type: 'input_audio', input_audio: { data: source.data, format: audioFormat(source.mediaType) } }
  lose(path, 'dropped', 'Chat Completions takes sound as base64 only. Send its bytes.')
  return undefined
}

function writeFile(part: FilePart, path: string, lose: ReportLoss): WireContentPart {
  const { source, name, cache } = part
  const filename = name === undefined ? {} : { filename: name }
  switch (source.kind) {
    case 'file-id':
      return { type: 'file', file: { file_id: idAt(source, 'openai'), ...filename }, ...writeCache(cache) }
    case 'text':
      lose(path, 'approximated', 'Chat Completions takes no documents as text; it is sent as a text part.')
      return { type: 'text', text: name === undefined ? source.text : `${name}:\n${source.text}`, ...writeCache(cache) }
    default: {
      const url = urlOf(source) ?? ''
      // No part of OpenAI's own: vLLM, OpenRouter and their kind take it, OpenAI says itself that it does not.
      if (part.mediaType?.startsWith('video/')) return { type: 'video_url', video_url: { url }, ...writeCache(cache) }
      if (source.kind === 'url')
        lose(
          path,
          'approximated',
          'Chat Completions has no files by address; it is sent as `file_data`, which some vendors take.',
        )
      return { type: 'file', file: { file_data: url, ...filename }, ...writeCache(cache) }
    }
  }
}
