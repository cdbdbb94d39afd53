/** Images, documents, videos and sounds in Bedrock's form: a format from a closed list, and base64 or an address in S3. */
import type { AudioFormat, DocumentFormat, ImageFormat, VideoFormat } from '@aws-sdk/client-bedrock-runtime'
import { base64Of } from '../../core/base64.js'
import { LeashError } from '../../core/errors.js'
import type { AudioPart, FilePart, ImagePart, MediaSource } from '../../core/message.js'
import { lookup } from '../lookup.js'
import type { ReportLoss } from '../protocol.js'
import type { ContentBlock } from './wire.js'

const imageFormats: Readonly<Record<string, ImageFormat>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
}

const documentFormats: Readonly<Record<string, DocumentFormat>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
}

const videoFormats: Readonly<Record<string, VideoFormat>> = {
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/webm': 'webm',
  'video/x-flv': 'flv',
  'video/mpeg': 'mpeg',
  'video/x-ms-wmv': 'wmv',
  'video/3gpp': 'three_gp',
}

const audioFormats: Readonly<Record<string, AudioFormat>> = {
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
  'audio/opus': 'opus',
  'audio/aac': 'aac',
  'audio/mp4': 'm4a',
  'audio/x-m4a': 'm4a',
  'audio/webm': 'webm',
  'audio/pcm': 'pcm',
}

/** Endings that a file's name or address may tell the type by. */
const mediaTypes: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  pdf: 'application/pdf',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  html: 'text/html',
  txt: 'text/plain',
  md: 'text/markdown',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  mkv: 'video/x-matroska',
  webm: 'video/webm',
  flv: 'video/x-flv',
  mpeg: 'video/mpeg',
  mpg: 'video/mpeg',
  wmv: 'video/x-ms-wmv',
  '3gp': 'video/3gpp',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
}

type Named<T, Member extends string> = Extract<T, { [K in Member]: unknown }>
/** What a message may hold, and of it what a tool result may hold. */
export type MediaBlock = Named<ContentBlock, 'image'> | Named<ContentBlock, 'document'> | Named<ContentBlock, 'video'>
export type AudioBlock = Named<ContentBlock, 'audio'>

type Source = { bytes: string } | { s3Location: { uri: string } }

export interface MediaContext {
  readonly lose: ReportLoss
  /** The names of the documents so far: Bedrock refuses a request in which two are the same. */
  readonly documentNames: Set<string>
}

export function encodeImage(
  { source, detail }: Pick<ImagePart, 'source' | 'detail'>,
  path: string,
  { lose }: MediaContext,
): MediaBlock {
  if (detail !== undefined && detail !== 'auto') lose(`${path}.detail`, 'dropped', 'the model decides how closely it looks')
  const located = locate(source, path, 'an image')
  const format = lookup(imageFormats, typeOf(source, undefined, undefined))
  if (!format) throw refused(path, 'an image', 'Bedrock takes PNG, JPEG, GIF and WebP')
  return { image: { format, source: located } }
}

export function encodeFile(part: FilePart, path: string, context: MediaContext): MediaBlock | AudioBlock {
  const { source, name } = part
  const type = typeOf(source, part.mediaType, name)
  if (lookup(imageFormats, type)) return encodeImage(part, path, context)
  const video = lookup(videoFormats, type)
  if (video) return { video: { format: video, source: locate(source, path, 'a video') } }
  if (lookup(audioFormats, type)) return encodeAudio({ type: 'audio', source }, path)
  const format = lookup(documentFormats, type)
  const located = locate(source, path, format ? 'a document' : 'a file')
  if (!format)
    throw refused(path, 'a file', `Bedrock takes ${Object.values(documentFormats).join(', ')}, images, videos and sounds`)
  return { document: { format, name: documentName(name, format, path, context), source: located } }
}

export function encodeAudio({ source }: AudioPart, path: string): AudioBlock {
  const located = locate(source, path, 'a sound')
  const format = lookup(audioFormats, typeOf(source, undefined, undefined))
  if (!format) throw refused(path, 'a sound', `Bedrock takes ${[...new Set(Object.values(audioFormats))].join(', ')}`)
  return { audio: { format, source: located } }
}

/** Before its type is asked for, which neither an id nor every address tells. */
function locate(source: MediaSource, path: string, what: string): Source {
  switch (source.kind) {
    case 'base64':
      return { bytes: source.data }
    case 'text':
      return { bytes: base64Of(source.text) }
    case 'file-id':
      throw refused(path, `${what} by its id`, 'send its bytes in base64, or its s3:// address')
    case 'url':
      if (source.url.startsWith('s3://')) return { s3Location: { uri: source.url } }
      throw refused(path, `${what} by its address on the web`, 'send its bytes in base64, or its s3:// address')
  }
}

function refused(path: string, what: string, instead: string): LeashError {
  return new LeashError('unsupported', `Bedrock cannot take ${what} as it stands at ${path}: ${instead}.`, { param: path })
}

/** By what is said of the data, else of the part, else by the ending of the file's name or address. */
function typeOf(source: MediaSource, mediaType: string | undefined, name: string | undefined): string {
  if (source.kind === 'text') return mediaType ?? 'text/plain'
  const told = source.kind === 'base64' && source.mediaType !== 'application/octet-stream' ? source.mediaType : mediaType
  if (told) return (told.split(';')[0] as string).trim().toLowerCase()
  const file = source.kind === 'url' ? source.url : (name ?? '')
  return lookup(mediaTypes, file.slice(file.lastIndexOf('.') + 1).toLowerCase()) ?? ''
}

/**
 * Letters, digits, single spaces, hyphens, parentheses and square brackets, at most 200; each name once.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html
 */
function documentName(given: string | undefined, format: string, path: string, { documentNames, lose }: MediaContext): string {
  const bare = given?.toLowerCase().endsWith(`.${format}`) ? given.slice(0, -format.length - 1) : given
  const clean = (bare ?? '')
    .replace(/\s+/g, ' ')
    .replace(/[^a-zA-Z0-9 \-()[\]]+/g, '-')
    .trim()
    .slice(0, 190)
  let name = clean || 'document'
  for (let copy = 2; documentNames.has(name); copy++) name = `${clean || 'document'} (${copy})`
  documentNames.add(name)
  if (bare !== undefined && name !== bare)
    lose(`${path}.filename`, 'approximated', 'a name holds letters, digits, spaces, hyphens and brackets, and occurs once')
  return name
}
