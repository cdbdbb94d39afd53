import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { LastGoodFile } from '../../src/control/last-good.js'

it('is never younger than now, whatever a clock said that was ahead', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'leash-last-good-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = new LastGoodFile(folder)
  const signed = { payload: '{}', signature: 's', publicKey: 'p' }
  await file.save(signed, 5)
  expect(await file.load()).toEqual({ signed, heardAt: 5 })
  await file.save(signed, Date.now() + 86_400_000)
  expect((await file.load())?.heardAt).toBeLessThanOrEqual(Date.now())
})
