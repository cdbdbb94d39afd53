import { describe, expect, test } from 'vitest'
import { bytesWithin, textWithin } from '../../src/core/bounded.js'

const tooLarge = () => new Error('too large')

describe('a body within bounds', () => {
  test('is read whole, wherever it is cut', async () => {
    const bytes = new TextEncoder().encode('Grüße, 世界')
    const oneByOne = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    expect(await textWithin(oneByOne, bytes.length, tooLarge)).toBe('Grüße, 世界')
    expect(await bytesWithin(null, 0, tooLarge)).toEqual(new Uint8Array())
  })

  test('that turns out larger is read no further, and let go of', async () => {
    let [pulled, cancelled] = [0, false]
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(10))
      },
      cancel() {
        cancelled = true
      },
    })
    await expect(bytesWithin(endless, 25, tooLarge)).rejects.toThrow('too large')
    expect(cancelled).toBe(true)
    expect(pulled).toBeLessThan(6)
  })
})
