import { expect, it, vi } from 'vitest'
import { pause } from '../../src/core/timers.js'

it('a pause whose time is over already is none, and nobody is warned of it', async () => {
  const warned = vi.spyOn(process, 'emitWarning')
  const { signal } = new AbortController()
  await pause(-24_000, signal)
  await pause(0, signal)
  expect(warned).not.toHaveBeenCalled()
  warned.mockRestore()
})
