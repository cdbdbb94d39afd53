import { describe, expect, test } from 'vitest'
import { readText } from '../../src/transport/read-text.js'

const long = 'ä'.repeat(600)

function chunked(text: string, init?: ResponseInit): Response {
  const bytes = new TextEncoder().encode(text)
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.slice(i * 7, i * 7 + 7))
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift()
      if (piece) controller.enqueue(piece)
      else controller.close()
    },
  })
  return new Response(body, init)
}

describe('an answer read as text', () => {
  test('is whole up to its limit, wherever it is cut', async () => {
    expect(await readText(chunked(long), 1200)).toBe(long)
    expect(await readText(new Response(long, { headers: { 'content-length': '1200' } }), 1200)).toBe(long)
    expect(await readText(new Response(null), 1200)).toBe('')
  })

  test('over its limit is an error, whatever length it announces', async () => {
    for (const headers of [{}, { 'content-length': '10', 'content-encoding': 'gzip' }, { 'content-length': '1200' }]) {
      await expect(readText(chunked(long, { headers }), 1199)).rejects.toMatchObject({ code: 'upstream_malformed' })
    }
  })

  test('over its limit is cut when it is a refusal', async () => {
    const text = await readText(chunked(long, { status: 500 }), 100)
    expect(long.startsWith(text)).toBe(true)
    expect(text.length).toBeGreaterThan(40)
  })
})
