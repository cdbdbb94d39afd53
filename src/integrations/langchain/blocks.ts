/** Content that is no text, between LangChain's standard blocks and the words that models of this process are asked in. */
import { base64Of } from '../../core/base64.js'
import { asObject, asString, compact, type JsonObject, type Members } from '../../core/json.js'
import { lookup } from '../../protocols/lookup.js'

/** What a block's type tells of its media, where the block does not. */
const kinds: Readonly<Record<string, string>> = {
  image: 'image/*',
  audio: 'audio/*',
  video: 'video/*',
  file: 'application/octet-stream',
  'text-plain': 'text/plain',
}

/** A file as it goes into a prompt; undefined when the block is none. */
export function fileOf(block: Members): JsonObject | undefined {
  const kind = lookup(kinds, block.type)
  const data = dataOf(block)
  if (kind === undefined || !data) return undefined
  const { filename, name } = asObject(block.metadata)
  const called = asString(filename) ?? asString(name) ?? asString(block.title)
  return compact({ type: 'file', mediaType: asString(block.mimeType) ?? kind, data, filename: called })
}

/** OpenAI's forms that LangChain makes nothing of, as its standard blocks. */
export function ofOpenAi({ type, image_url, file }: Members): Members {
  if (type === 'image_url') return { type: 'image', url: image_url }
  const { file_data, file_id, filename } = asObject(file)
  return { type, url: file_data, fileId: file_id, metadata: { filename } }
}

function dataOf({ data, url, fileId, text }: Members): JsonObject | undefined {
  if (typeof data === 'string') return { type: 'data', data }
  if (data instanceof Uint8Array) return { type: 'data', data: base64Of(data) }
  if (typeof url === 'string') return { type: 'url', url }
  if (typeof fileId === 'string') return { type: 'reference', reference: { file: fileId } }
  return typeof text === 'string' ? { type: 'text', text } : undefined
}

/** A file of an answer as a standard block. */
export function blockOfFile({ mediaType, data }: Members): JsonObject {
  const told = asString(mediaType) ?? ''
  const [kind = ''] = told.split('/')
  const { data: bytes, url } = asObject(data)
  const source: JsonObject = typeof bytes === 'string' ? { data: bytes } : { url: asString(url) ?? '' }
  return { type: kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file', mimeType: told, ...source }
}
