/** What a web socket does when its other end is slow, silent or gone, and what it remembers. */
import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { openLeash } from '../../src/open-leash.js'
import { Answering, Conversation } from '../../src/relay/gateway/conversation.js'
import type { Gateway, Serving } from '../../src/relay/gateway/gateway.js'
import { Session } from '../../src/relay/gateway/session.js'
import { readMessage } from '../../src/relay/gateway/socket-messages.js'
import { Sockets, type SocketsOptions } from '../../src/relay/gateway/sockets.js'
import { answerOn } from '../../src/relay/http/plain-again.js'
import type { Caller } from '../../src/relay/people/caller.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'

const mock = useMock()
const caller: Caller = { id: 'key', tenant: 'red', scopes: ['call'] }
const hello = JSON.stringify({ type: 'message', model: 'gpt-4o-mini', content: 'word '.repeat(50) })

function serving(): Serving {
  const options = { providers: mockProviders(mock.url) }
  const inside = openLeash(options)
  onTestFinished(() => inside.leash.close())
  return { ...inside, options }
}

test('whoever does not read holds up what is read from the provider', async () => {
  const sent: { type: string }[] = []
  const written: (() => void)[] = []
  class Slow extends EventEmitter {
    readonly OPEN = 1
    readyState = 1
    bufferedAmount = 300_000
    send(data: string, done: () => void) {
      sent.push(JSON.parse(data))
      written.push(done)
    }
    close() {}
  }
  const socket = new Slow()
  const booked = () => undefined
  const deps = { warn: () => {}, booked, idleMs: 60_000, caller: async () => caller, serving: async () => serving() }
  new Session({ ...deps, socket: socket as unknown as WebSocket })
  socket.emit('message', hello, false)
  await until(() => sent.length === 2)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(sent.map(({ type }) => type)).toEqual(['ready', 'delta'])
  written.splice(0).map((done) => done())
  await until(() => sent.length === 3)
  socket.bufferedAmount = 0
  written.splice(0).map((done) => done())
  await until(() => sent.at(-1)?.type === 'done')
  socket.emit('close')
})

test('what is said while the socket is being closed is not answered, since nobody would hear it', async () => {
  const socket = Object.assign(new EventEmitter(), { OPEN: 1, readyState: 2, bufferedAmount: 0, close() {} })
  const asked: string[] = []
  const deps = { warn: () => {}, booked: () => undefined, idleMs: 60_000, serving: async () => serving() }
  new Session({
    ...deps,
    caller: async () => {
      asked.push('caller')
      return caller
    },
    socket: socket as unknown as WebSocket,
  })
  socket.emit('message', hello, false)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect([asked, mock.requests]).toEqual([[], []])
})

describe('sockets', () => {
  async function listen(options: SocketsOptions) {
    const callers = { verify: () => caller, checkSigned: () => {}, isActive: async () => true }
    const gateway = { serving: async () => serving() } as unknown as Gateway
    const gate = { enter: () => true }
    const sockets = new Sockets({ callers, gateway, gate, origins: () => [], warn: () => {}, options })
    const server = createServer().on('upgrade', (incoming, socket, head) => {
      const outgoing = answerOn(incoming, socket)
      if (outgoing) sockets.upgrade({ incoming, outgoing, socket, head })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      await sockets.close()
      server.close()
    })
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/gateway/ws`
  }
  const connect = (url: string, autoPong = true) => {
    const socket = new WebSocket(url, { headers: { authorization: 'Bearer x' }, autoPong })
    socket.on('error', () => {})
    onTestFinished(() => socket.terminate())
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    return { socket, closed, opened: new Promise((resolve) => socket.once('open', resolve)) }
  }

  test('on which nothing is said are closed', async () => {
    expect(await connect(await listen({ idleMs: 30 })).closed).toBe(1000)
  })

  test('that answer no ping are cut off, and others are kept', async () => {
    // As long as the one that is kept may take to answer, on whatever machine.
    const url = await listen({ pingMs: 1000 })
    const [dead, alive] = [connect(url, false), connect(url)]
    expect(await dead.closed).toBe(1006)
    expect(alive.socket.readyState).toBe(WebSocket.OPEN)
  })

  test('are no more than a tenant may have', async () => {
    const url = await listen({ mostPerTenant: 1 })
    const first = connect(url)
    await first.opened
    const second = connect(url)
    expect(
      await new Promise((resolve) => second.socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode))),
    ).toBe(429)
    first.socket.close()
    await first.closed
    const third = connect(url)
    await third.opened
  })
})

describe('a conversation', () => {
  const said = (content: string, role = 'user') => ({ role, content })

  test('forgets the oldest first, and never what the system says', () => {
    const conversation = new Conversation()
    conversation.add([said('Be brief.', 'system')])
    for (let count = 0; count < 300; count++) conversation.add([said(String(count))])
    expect(conversation.messages).toHaveLength(200)
    expect(conversation.messages[0]).toEqual(said('Be brief.', 'system'))
    expect(conversation.messages.at(-1)).toEqual(said('299'))
    conversation.add([said('x'.repeat(999_990))])
    expect(conversation.messages.map(({ role }) => role)).toEqual(['system', 'user'])
  })

  test('begins with no result of a tool whose call was forgotten', () => {
    const conversation = new Conversation()
    conversation.add([said('x'.repeat(600_000)), { role: 'tool', tool_call_id: '1', content: 'y' }, said('z')])
    conversation.add([said('x'.repeat(600_000))])
    expect(conversation.messages.map(({ role }) => role)).toEqual(['user', 'user'])
  })

  test('has an answer as it came, calls to tools and all', () => {
    const answering = new Answering()
    const chunk = (delta: object) => answering.take({ choices: [{ delta: { ...delta } }] })
    const call = (index: number, more: object) => ({ tool_calls: [{ index, ...more }] })
    expect(chunk({ role: 'assistant', content: '' })).toBeUndefined()
    expect(chunk({ content: 'Hm' })).toEqual({ content: 'Hm' })
    chunk(call(0, { id: 'a', function: { name: 'one', arguments: '{' } }))
    chunk(call(1, { id: 'b', function: { name: 'two', arguments: '{}' } }))
    chunk(call(0, { function: { arguments: '}' } }))
    expect(answering.message).toEqual({
      role: 'assistant',
      content: 'Hm',
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'one', arguments: '{}' } },
        { id: 'b', type: 'function', function: { name: 'two', arguments: '{}' } },
      ],
    })
    expect(answering.said).toEqual({ role: 'assistant', content: 'Hm' })
  })
})

test('whatever a client says is understood, or refused with a reason', () => {
  const member = fc.constantFrom('type', 'content', 'messages', 'model', 'options', 'leash', 'x')
  const options = fc.dictionary(fc.constantFrom('temperature', 'n'), fc.jsonValue())
  const types = ['message', 'cancel', 'reset'] as const
  const members = { type: fc.constantFrom(...types), content: fc.string(), model: fc.string(), options }
  const said = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(member, fc.jsonValue()).map((one) => JSON.stringify({ type: 'message', ...one })),
    fc.record(members, { requiredKeys: ['type'] }).map((one) => JSON.stringify(one)),
  )
  const understood = new Set<string>()
  fc.assert(
    fc.property(said, (text) => {
      try {
        understood.add(readMessage(text).type)
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_request' })
      }
    }),
    { numRuns: 300 },
  )
  expect([...understood].sort()).toEqual([...types].sort())
})
