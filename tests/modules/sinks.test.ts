/** What goes wrong as sinks are told of a call. */
import { expect, test } from 'vitest'
import { Emitter } from '../../src/core/emitter.js'
import { defineModule } from '../../src/modules/index.js'
import { Session } from '../../src/modules/session.js'
import { sunk } from '../../src/modules/sinks.js'
import { Slot } from '../../src/modules/slot.js'
import { protocolNamed } from '../../src/protocols/index.js'
import { aCall } from '../helpers/call.js'

test('an answer that cannot be read is warned of, costs a sink no place, and another nothing', async () => {
  const heard = { reads: 0, skips: 0 }
  const reads = new Slot(defineModule({ name: 'reads', kind: 'sink', response: () => void heard.reads++ }))
  const skips = new Slot(defineModule({ name: 'skips', kind: 'sink', sees: 'redacted', response: () => void heard.skips++ }))
  await Promise.all([reads.start(), skips.start()])
  const emitter = new Emitter()
  const warnings: string[] = []
  emitter.on('warning', ({ message }) => warnings.push(message))
  const call = aCall()
  const protocol = await protocolNamed('openai-chat')
  if (!protocol) throw new Error('no protocol')
  const session = new Session([reads, skips], protocol, { emitter, find: () => call.target })
  const answered = () => {
    throw new TypeError('my secret prompt')
  }
  session.captures.original = { call, answered }
  const broken = Array.from({ length: 1000 }, () => sunk(session, call, call.report))
  await Promise.all(broken)
  expect(heard).toEqual({ reads: 0, skips: 1000 })
  expect(new Set(warnings)).toEqual(new Set(['The module "reads" failed: it could not be told of a call (TypeError).']))

  session.captures.original = { call, answered: () => ({ report: call.report }) }
  await sunk(session, call, call.report)
  expect(heard).toEqual({ reads: 1, skips: 1001 })
  expect(reads.meter.read().dropped).toBe(0)
})

test('a sink that is slow is told of no more than a thousand calls at a time; the others are counted', async () => {
  const release = Promise.withResolvers<undefined>()
  const slow = new Slot(defineModule({ name: 'slow', kind: 'sink', timeout: 60_000, response: () => release.promise }))
  await slow.start()
  const call = aCall()
  const protocol = await protocolNamed('openai-chat')
  if (!protocol) throw new Error('no protocol')
  const session = new Session([slow], protocol, { emitter: new Emitter(), find: () => call.target })
  session.captures.original = { call, answered: () => ({ report: call.report }) }
  const told = Array.from({ length: 1003 }, () => sunk(session, call, call.report))
  expect(slow.meter.read().dropped).toBe(3)
  release.resolve(undefined)
  await Promise.all(told)
  await sunk(session, call, call.report)
  expect(slow.meter.read()).toMatchObject({ dropped: 3 })
})
