/** What `withResponse()` and `asResponse()` give: a whole, real `Response`, and the leash's headers on it. */
import { describe, expect, test } from 'vitest'
import { useMock } from '../helpers/mock.js'
import { echo, leashed, messages, models } from './client.js'

const mock = useMock()

describe.each(models)('with %s', (model) => {
  const respond = () => leashed(mock).chat.completions.create({ model, messages }).asResponse()
  const streamed = () => leashed(mock).chat.completions.create({ model, messages, stream: true }).asResponse()
  const said = (text: string) => JSON.parse(text).choices[0].message.content

  test('withResponse() tells who answered, after how many attempts', async () => {
    const { data, response, request_id } = await leashed(mock).chat.completions.create({ model, messages }).withResponse()
    expect(data.choices[0]?.message.content).toBe(echo)
    expect(response).toBeInstanceOf(Response)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-leash-provider': model.startsWith('gpt') ? 'openai' : 'anthropic',
      'x-leash-model': model,
      'x-leash-attempts': '1',
      'x-leash-id': data.leash?.id,
    })
    expect(request_id).toMatch(/^req_/)
  })

  test('withResponse() works through a proxy, which tracers put around an answer', async () => {
    const { completions } = leashed(mock).chat
    const answers = [completions.create({ model, messages }), completions.parse({ model, messages })]
    for (const answer of answers.map((answer) => new Proxy(answer, {}))) {
      const { data, response } = await answer.withResponse()
      expect([data.choices[0]?.message.content, response.status]).toEqual([echo, 200])
    }
    const { data: stream } = await new Proxy(completions.create({ model, messages, stream: true }), {}).withResponse()
    expect(Symbol.asyncIterator in stream).toBe(true)
  })

  test('withResponse() counts the attempts that it took', async () => {
    mock.script({ status: 500 }, { status: 429 })
    const { response } = await leashed(mock).chat.completions.create({ model, messages }).withResponse()
    expect(response.headers.get('x-leash-attempts')).toBe('3')
  })

  test('withResponse() has the headers that layers of the stack set', async () => {
    const client = leashed(mock, { rateLimit: [{ limit: { requests: 9 }, per: 'hour' }] })
    const { response } = await client.chat.completions.create({ model, messages }).withResponse()
    expect(response.headers.get('x-leash-ratelimit-remaining-requests')).toBe('8')
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-leash-ratelimit-remaining-requests': '8' })
    expect(response.headers.get('x-leash-error')).toBeNull()
  })

  test('a stream that was read as text has been used', async () => {
    const response = await streamed()
    expect(await response.text()).toContain('[DONE]')
    expect(response.bodyUsed).toBe(true)
    await expect(response.text()).rejects.toThrow(TypeError)
    expect(() => response.clone()).toThrow(TypeError)
  })

  test('withResponse() of a stream has the headers before the stream is read', async () => {
    const create = leashed(mock).chat.completions.create({ model, messages, stream: true })
    const { data, response } = await create.withResponse()
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(response.headers.get('x-leash-model')).toBe(model)
    const chunks = []
    for await (const chunk of data) chunks.push(chunk)
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(echo)
  })

  test.each([
    ['text()', (response: Response) => response.text()],
    ['json()', async (response: Response) => JSON.stringify(await response.json())],
    ['arrayBuffer()', async (response: Response) => new TextDecoder().decode(await response.arrayBuffer())],
    ['bytes()', async (response: Response) => new TextDecoder().decode(await response.bytes())],
    ['blob()', async (response: Response) => (await response.blob()).text()],
    ['clone()', (response: Response) => response.clone().text()],
    ['another Response', (response: Response) => new Response(response.body, response).text()],
    [
      'a reader of its body',
      async (response: Response) => {
        const reader = response.body?.getReader()
        const decoder = new TextDecoder()
        let text = ''
        for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) text += decoder.decode(read.value)
        return text
      },
    ],
    [
      'iterating its body',
      async (response: Response) => {
        const chunks: Uint8Array[] = []
        for await (const chunk of response.body ?? []) chunks.push(chunk)
        return Buffer.concat(chunks).toString()
      },
    ],
  ])('asResponse() can be read by %s', async (_, read) => {
    expect(said(await read(await respond()))).toBe(echo)
    const text = await read(new Response(await (await respond()).text()))
    expect(said(text)).toBe(echo)
  })

  test('asResponse() knows whether its body was read, and gives it out once', async () => {
    const response = await respond()
    expect([response.bodyUsed, response.body instanceof ReadableStream]).toEqual([false, true])
    await response.text()
    expect(response.bodyUsed).toBe(true)
    await expect(response.text()).rejects.toThrow(TypeError)
    await expect(response.json()).rejects.toThrow(TypeError)
    expect(() => response.clone()).toThrow(TypeError)
  })

  test('asResponse() read by json() cannot be read again', async () => {
    const response = await respond()
    await response.json()
    expect(response.bodyUsed).toBe(true)
    for (const read of [() => response.json(), () => response.text(), () => response.arrayBuffer()])
      await expect(read()).rejects.toThrow(TypeError)
  })

  test('a response that was read has a body still, as any other has', async () => {
    const response = await respond()
    await response.json()
    expect(response.body).toBeInstanceOf(ReadableStream)
  })

  test('a clone and its original are read apart', async () => {
    const response = await respond()
    const clone = response.clone()
    expect(await clone.text()).toBe(await response.text())
  })

  test('asResponse() has status, headers and type of a real answer', async () => {
    const response = await respond()
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.ok, response.redirected]).toEqual([200, true, false])
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(response.headers.get('content-length')).toBeNull()
  })

  test('asResponse() of a stream gives the bytes of the protocol', async () => {
    const text = await (await streamed()).text()
    expect(text).toMatch(/^data: \{/)
    expect(text).toMatch(/data: \[DONE\]\n\n$/)
    const clone = (await streamed()).clone()
    expect(await clone.text()).toContain('quick')
  })

  test('asResponse() of a stream can be left, and the upstream is let go', async () => {
    mock.script({ hang: { afterEvents: 4 } })
    const response = await streamed()
    const reader = response.body?.getReader()
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0)
    await reader?.cancel()
    await expect.poll(() => mock.requests[0]?.outcome).toBe('aborted')
  })
})
