import { describe, expect, it } from 'vitest'
import type { MediaSource, UserPart } from '../../../src/core/message.js'
import type { Traits } from '../../../src/core/provider.js'
import { contentsOf, decode, encode } from './support.js'

function sent(part: UserPart, traits?: Traits) {
  const { body, losses } = encode(
    { messages: [{ role: 'user', content: [{ type: 'text', text: 'See' }, part] }] },
    undefined,
    traits,
  )
  const [, ...parts] = (body.contents as { parts: unknown[] }[])[0]?.parts ?? []
  return { parts, losses }
}
const image = (source: MediaSource): UserPart => ({ type: 'image', source })
const url = (address: string): MediaSource => ({ kind: 'url', url: address })
const path = 'messages[0].content[1]'

describe('sent to Gemini', () => {
  it.each<[string, UserPart, object]>([
    [
      'bytes',
      image({ kind: 'base64', data: 'AAAA', mediaType: 'image/png' }),
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
    ],
    [
      'an image on the web',
      image(url('https://a.example/b.webp?x=1')),
      { fileData: { mimeType: 'image/webp', fileUri: 'https://a.example/b.webp?x=1' } },
    ],
    [
      'an object in Cloud Storage',
      image(url('gs://bucket/cat.png')),
      { fileData: { mimeType: 'image/png', fileUri: 'gs://bucket/cat.png' } },
    ],
    [
      'a video on YouTube, whose type nobody asks for',
      { type: 'file', source: url('https://www.youtube.com/watch?v=x') },
      { fileData: { fileUri: 'https://www.youtube.com/watch?v=x' } },
    ],
    [
      'an uploaded file by its name',
      { type: 'file', source: { kind: 'file-id', id: 'files/abc' }, mediaType: 'application/pdf' },
      { fileData: { mimeType: 'application/pdf', fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
    ],
    [
      'an uploaded file by its address',
      { type: 'file', source: { kind: 'file-id', id: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
      { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
    ],
    [
      'speech',
      { type: 'audio', source: { kind: 'base64', data: 'UklG', mediaType: 'audio/wav' } },
      { inlineData: { mimeType: 'audio/wav', data: 'UklG' } },
    ],
    [
      'a document in plain text, as the bytes of its UTF-8',
      { type: 'file', source: { kind: 'text', text: 'Grüße' } },
      { inlineData: { mimeType: 'text/plain', data: Buffer.from('Grüße').toString('base64') } },
    ],
  ])('%s', (_, part, wire) => {
    expect(sent(part)).toEqual({ parts: [wire], losses: [] })
  })

  it('takes an ending that every object has a member for as one that shows nothing', () => {
    const image = { type: 'image', source: { kind: 'url', url: 'https://a.example/picture.constructor' } } as const
    expect(contentsOf([{ role: 'user', content: [image] }])).toMatchObject([
      { parts: [{ fileData: { mimeType: 'image/jpeg' } }] },
    ])
  })

  it('guesses the type of an image whose address does not show it, and says so', () => {
    expect(sent(image(url('https://a.example/picture')))).toEqual({
      parts: [{ fileData: { mimeType: 'image/jpeg', fileUri: 'https://a.example/picture' } }],
      losses: [`approximated ${path}`],
    })
  })

  it("leaves out another vendor's file, and an address that the target cannot read, and says so", () => {
    expect(sent(image({ kind: 'file-id', id: 'file-abc' }))).toEqual({ parts: [], losses: [`dropped ${path}`] })
    expect(sent(image(url('https://a.example/b.png')), { imageUrls: false })).toEqual({ parts: [], losses: [`dropped ${path}`] })
    expect(sent(image(url('gs://bucket/b.png')), { imageUrls: false }).losses).toEqual([])
  })

  it('reports the detail of an image and the name of a file', () => {
    const source: MediaSource = { kind: 'base64', data: 'AAAA', mediaType: 'image/png' }
    expect(sent({ type: 'image', source, detail: 'high' }).losses).toEqual([`dropped ${path}.detail`])
    expect(sent({ type: 'image', source, detail: 'auto' }).losses).toEqual([])
    expect(sent({ type: 'file', source, name: 'a.png' }).losses).toEqual([`dropped ${path}.filename`])
  })
})

describe('read from a caller of Gemini', () => {
  const read = (part: object) => {
    const { request, losses } = decode({ contents: [{ role: 'user', parts: [{ ...part }] }] })
    return { content: request.messages[0]?.content[0], losses }
  }

  it.each<[string, object, UserPart]>([
    [
      'bytes',
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
      image({ kind: 'base64', data: 'AAAA', mediaType: 'image/png' }),
    ],
    [
      'bytes in snake case',
      { inline_data: { mime_type: 'image/png', data: 'AAAA' } },
      image({ kind: 'base64', data: 'AAAA', mediaType: 'image/png' }),
    ],
    [
      'bytes as Google’s SDK for Python writes them',
      { inlineData: { mimeType: 'image/png', data: '_-8' } },
      image({ kind: 'base64', data: '/+8=', mediaType: 'image/png' }),
    ],
    [
      'speech',
      { inlineData: { mimeType: 'audio/mp3', data: 'SUQz' } },
      { type: 'audio', source: { kind: 'base64', data: 'SUQz', mediaType: 'audio/mp3' } },
    ],
    [
      'a video with its name',
      { inlineData: { mimeType: 'video/mp4', data: 'AAAA', displayName: 'a.mp4' } },
      { type: 'file', source: { kind: 'base64', data: 'AAAA', mediaType: 'video/mp4' }, mediaType: 'video/mp4', name: 'a.mp4' },
    ],
    ['an object in Cloud Storage', { fileData: { mimeType: 'image/png', fileUri: 'gs://b/c.png' } }, image(url('gs://b/c.png'))],
    [
      'an uploaded file',
      { fileData: { mimeType: 'application/pdf', fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
      {
        type: 'file',
        source: { kind: 'file-id', id: 'https://generativelanguage.googleapis.com/v1beta/files/abc' },
        mediaType: 'application/pdf',
      },
    ],
  ])('%s', (_, part, neutral) => {
    expect(read(part)).toEqual({ content: neutral, losses: [] })
  })

  it('says that a clip of a video is sent whole', () => {
    const { losses } = read({
      fileData: { mimeType: 'video/mp4', fileUri: 'gs://b/c.mp4' },
      videoMetadata: { startOffset: '5s' },
    })
    expect(losses).toEqual(['dropped contents[0].parts[0].videoMetadata'])
  })
})
