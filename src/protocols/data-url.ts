import type { FilePart, ImagePart, MediaSource } from '../core/message.js'
import { percentDecoded } from './percent.js'

const dataUrl = /^data:([^;,]*)((?:;[^;,]*)*),/

/** A `data:` URL (RFC 2397) becomes its bytes; anything else is an address. */
export function sourceOf(url: string): MediaSource {
  const match = dataUrl.exec(url)
  if (!match) return { kind: 'url', url }
  // OpenAI takes this misspelling, and others do not.
  const mediaType = (match[1] || 'text/plain').replace(/^image\/jpg$/i, 'image/jpeg')
  const payload = url.slice(match[0].length)
  if (match[2]?.endsWith(';base64')) return { kind: 'base64', data: payload, mediaType }
  return mediaType.startsWith('text/') ? { kind: 'text', text: percentDecoded(payload) } : { kind: 'url', url }
}

/** An image as what its data says that it is: callers of OpenRouter and LiteLLM give their documents as images. */
export function shown(image: ImagePart): ImagePart | FilePart {
  const { source, cache } = image
  if (source.kind === 'text') return { type: 'file', source, ...(cache && { cache }) }
  if (source.kind !== 'base64' || /^image\/|\/octet-stream$/i.test(source.mediaType)) return image
  return { type: 'file', source, mediaType: source.mediaType, ...(cache && { cache }) }
}
