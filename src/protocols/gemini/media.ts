/** Images, documents, sound and video, in both directions. */
import { base64Of, plainBase64 } from '../../core/base64.js'
import { asString } from '../../core/json.js'
import type { AudioPart, FilePart, ImagePart, MediaSource } from '../../core/message.js'
import { idAt } from '../file-ids.js'
import { lookup } from '../lookup.js'
import type { ReportLoss } from '../protocol.js'
import { message, type WirePart } from './wire.js'

export type MediaPart = ImagePart | FilePart | AudioPart
type WireMedia = Pick<WirePart, 'inlineData' | 'fileData'>

const filesApi = 'https://generativelanguage.googleapis.com/v1beta/'

/** Types that an address shows by its ending. Source: https://ai.google.dev/gemini-api/docs/file-input-methods */
const typeByEnding: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  gif: 'image/gif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  csv: 'text/csv',
  json: 'application/json',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  aac: 'audio/aac',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  mpeg: 'video/mpeg',
  webm: 'video/webm',
}

/** Undefined, and reported, when Google could not read it. */
export function encodeMedia(part: MediaPart, path: string, webUrls: boolean, lose: ReportLoss): WireMedia | undefined {
  const { source } = part
  if (part.type === 'image' && part.detail !== undefined && part.detail !== 'auto')
    lose(`${path}.detail`, 'dropped', 'Gemini decides the resolution of an image for the whole request.')
  const named = part.type === 'file' ? part : undefined
  if (named?.name !== undefined) lose(`${path}.filename`, 'dropped', 'Gemini takes no names of files.')
  switch (source.kind) {
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data } }
    case 'text':
      return { inlineData: { mimeType: named?.mediaType ?? 'text/plain', data: base64Of(source.text) } }
    case 'url':
      if (!webUrls && /^https?:/.test(source.url)) {
        lose(path, 'dropped', 'This target reads no files from the web. Send the bytes as base64.')
        return undefined
      }
      return { fileData: { ...typeOf(part, source.url, path, lose), fileUri: source.url } }
    case 'file-id': {
      const uri = fileUri(idAt(source, 'google'))
      if (uri) return { fileData: { ...(named?.mediaType !== undefined && { mimeType: named.mediaType }), fileUri: uri } }
      lose(path, 'dropped', 'The file was uploaded to another vendor. Send its bytes, or upload it to Google.')
      return undefined
    }
  }
}

function fileUri(id: string): string | undefined {
  if (/^(https:|gs:)\/\//.test(id)) return id
  return id.startsWith('files/') ? filesApi + id : undefined
}

function typeOf(part: MediaPart, url: string, path: string, lose: ReportLoss): { mimeType?: string } {
  const told = part.type === 'file' ? part.mediaType : undefined
  const shown = told ?? lookup(typeByEnding, /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase())
  if (shown !== undefined) return { mimeType: shown }
  // Addresses of videos on YouTube need no type; images must have one on Vertex AI.
  if (part.type !== 'image') return {}
  lose(path, 'approximated', 'The address does not show the type of the image; it is sent as image/jpeg.')
  return { mimeType: 'image/jpeg' }
}

/** The media that a part of Google's holds, if any. */
export function decodeMedia(part: Record<string, unknown>): MediaPart | undefined {
  if (part.inlineData !== undefined) {
    const { mimeType, data, displayName } = message(part.inlineData)
    const mediaType = asString(mimeType) ?? 'application/octet-stream'
    return mediaPart({ kind: 'base64', data: plainBase64(asString(data) ?? ''), mediaType }, mediaType, asString(displayName))
  }
  if (part.fileData === undefined) return undefined
  const { mimeType, fileUri, displayName } = message(part.fileData)
  const uri = asString(fileUri) ?? ''
  const uploaded = uri.startsWith('files/') || uri.startsWith(filesApi)
  return mediaPart(uploaded ? { kind: 'file-id', id: uri } : { kind: 'url', url: uri }, asString(mimeType), asString(displayName))
}

function mediaPart(source: MediaSource, mediaType: string | undefined, name: string | undefined): MediaPart {
  if (mediaType?.startsWith('image/')) return { type: 'image', source }
  if (mediaType?.startsWith('audio/')) return { type: 'audio', source }
  return { type: 'file', source, ...(mediaType !== undefined && { mediaType }), ...(name !== undefined && { name }) }
}
