import { describe, expect, it } from 'vitest'
import type { FilePart, ImagePart, UserPart } from '../../../src/core/message.js'
import { encode } from './bedrock.js'

const sent = (...content: UserPart[]) => {
  const { body, ...rest } = encode({ messages: [{ role: 'user', content }] })
  return { blocks: body.messages[0]?.content, ...rest }
}
const base64 = (mediaType: string, data = 'aGk=') => ({ kind: 'base64', data, mediaType }) as const
const file = (more: Partial<FilePart>): FilePart => ({ type: 'file', source: base64('application/pdf'), ...more })
const text: UserPart = { type: 'text', text: 'See' }

describe('media for Bedrock', () => {
  it.each([
    ['image/png', 'png'],
    ['image/jpg', 'jpeg'],
    ['IMAGE/JPEG; q=1', 'jpeg'],
    ['image/webp', 'webp'],
  ])('sends an image of the type %s as %s, its bytes in base64', (mediaType, format) => {
    expect(sent({ type: 'image', source: base64(mediaType) }).blocks).toEqual([{ image: { format, source: { bytes: 'aGk=' } } }])
  })

  it('sends an image in S3 by its address', () => {
    expect(sent({ type: 'image', source: { kind: 'url', url: 's3://bucket/cat.PNG' } }).blocks).toEqual([
      { image: { format: 'png', source: { s3Location: { uri: 's3://bucket/cat.PNG' } } } },
    ])
  })

  it.each<[string, ImagePart | FilePart, RegExp]>([
    [
      'an image on the web',
      { type: 'image', source: { kind: 'url', url: 'https://example.com/cat.png' } },
      /base64, or its s3:\/\//,
    ],
    [
      'an image without a known ending',
      { type: 'image', source: { kind: 'url', url: 's3://bucket/cat' } },
      /PNG, JPEG, GIF and WebP/,
    ],
    ['an image of another type', { type: 'image', source: base64('image/svg+xml') }, /PNG, JPEG, GIF and WebP/],
    ['an uploaded file', file({ source: { kind: 'file-id', id: 'file_1' }, name: 'a.pdf' }), /base64, or its s3:\/\//],
    ['a file of another type', file({ source: base64('application/zip') }), /pdf, csv, doc/],
  ])('refuses %s before it is sent, and says what to do', (_, part, message) => {
    expect(() => sent(text, part)).toThrowError(
      expect.objectContaining({
        code: 'unsupported',
        retryable: false,
        param: 'messages[0].content[1]',
        message: expect.stringMatching(message),
      }),
    )
  })

  it('reports an image detail that is more than the usual', () => {
    expect(sent({ type: 'image', source: base64('image/png'), detail: 'low' }).lost).toEqual([
      'dropped messages[0].content[0].detail',
    ])
    expect(sent({ type: 'image', source: base64('image/png'), detail: 'auto' }).lost).toEqual([])
  })

  it('sends documents with a text, under names that Bedrock takes, each once', () => {
    const { blocks, lost } = sent(
      text,
      file({ name: 'Annual report.pdf' }),
      file({ name: 'Annual report.pdf' }),
      file({ name: 'q3/über  [final].csv', source: base64('text/csv') }),
      file({}),
      file({ source: { kind: 'text', text: 'Grüße' } }),
    )
    const source = { bytes: 'aGk=' }
    expect(blocks?.slice(1)).toEqual([
      { document: { format: 'pdf', name: 'Annual report', source } },
      { document: { format: 'pdf', name: 'Annual report (2)', source } },
      { document: { format: 'csv', name: 'q3-ber [final]', source } },
      { document: { format: 'pdf', name: 'document', source } },
      { document: { format: 'txt', name: 'document (2)', source: { bytes: Buffer.from('Grüße').toString('base64') } } },
    ])
    expect(lost).toEqual([2, 3].map((at) => `approximated messages[0].content[${at}].filename`))
  })

  it('adds the text that a document must come with', () => {
    const { blocks, lost } = sent(file({ name: 'a.pdf' }))
    expect(blocks?.map((block) => Object.keys(block)[0])).toEqual(['document', 'text'])
    expect(lost).toEqual(['approximated messages'])
  })

  it.each([
    ['mov', base64('video/quicktime'), { video: { format: 'mov', source: { bytes: 'aGk=' } } }],
    [
      '3gp',
      { kind: 'url', url: 's3://b/clip.3gp' } as const,
      { video: { format: 'three_gp', source: { s3Location: { uri: 's3://b/clip.3gp' } } } },
    ],
    ['mp3', base64('audio/mpeg'), { audio: { format: 'mp3', source: { bytes: 'aGk=' } } }],
    ['png', base64('image/png'), { image: { format: 'png', source: { bytes: 'aGk=' } } }],
  ])('sends a %s file as what it is', (_, source, block) => {
    expect(sent(file({ source })).blocks).toEqual([block])
  })

  it('tells a file by its name when its type says nothing', () => {
    expect(sent(text, file({ source: base64('application/octet-stream'), name: 'table.xlsx' })).blocks?.[1]).toMatchObject({
      document: { format: 'xlsx', name: 'table' },
    })
    expect(() => sent(file({ source: base64('application/octet-stream'), name: 'x.constructor' }))).toThrow(/cannot take a file/)
  })

  it.each([
    ['image by its id', { kind: 'file-id', id: 'file_1' }],
    ['image by its address on the web', { kind: 'url', url: 'https://example.com/a' }],
  ] as const)('says of an %s that bytes are needed, though nothing tells its type', (what, source) => {
    expect(() => sent({ type: 'image', source })).toThrow(new RegExp(`cannot take an ${what} .* send its bytes in base64`))
  })

  it.each(['a file', 'a sound'])('says the same of %s', (what) => {
    const source = { kind: 'file-id', id: 'file_1' } as const
    const part = what === 'a file' ? file({ source }) : ({ type: 'audio', source } as const)
    expect(() => sent(part)).toThrow(new RegExp(`cannot take ${what} by its id .* send its bytes in base64`))
  })

  it('sends speech', () => {
    expect(sent({ type: 'audio', source: base64('audio/wav') }).blocks).toEqual([
      { audio: { format: 'wav', source: { bytes: 'aGk=' } } },
    ])
    expect(() => sent({ type: 'audio', source: base64('audio/midi') })).toThrow(/cannot take a sound/)
  })
})
