import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  InvokeModelCommand,
  ThrottlingException,
} from '@aws-sdk/client-bedrock-runtime'
import { describe, expect, test, vi } from 'vitest'
import type { Transport } from '../../../src/core/transport.js'
import { frameAwsEvent } from '../../../src/protocols/framing/aws-eventstream.js'
import { awsRequestHandler } from '../../../src/providers/auth/aws-handler.js'
import { urlOf } from '../../../src/providers/auth/aws-request.js'
import { listen } from '../../helpers/listen.js'

const messages = [{ role: 'user' as const, content: [{ text: 'Hi' }] }]
const asked = { modelId: 'us.amazon.nova-lite-v1:0', messages }

async function serve(answer: (request: IncomingMessage & { text: string }, response: ServerResponse) => unknown) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    await answer(Object.assign(request, { text: Buffer.concat(chunks).toString() }), response)
  })
  return listen(server)
}

/** A user's own client, made as users make it, and only then given our handler. */
function wrapped(endpoint: string, transport: Transport = fetch): BedrockRuntimeClient {
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    endpoint,
    maxAttempts: 1,
  })
  client.config.requestHandler = awsRequestHandler(transport)
  return client
}

const frames = {
  begin: frameAwsEvent({ event: 'messageStart', data: '{"role":"assistant"}' }),
  text: (text: string) =>
    frameAwsEvent({ event: 'contentBlockDelta', data: JSON.stringify({ contentBlockIndex: 0, delta: { text } }) }),
  stop: frameAwsEvent({ event: 'messageStop', data: '{"stopReason":"end_turn"}' }),
}

const streamTo = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' })

async function collected(stream: AsyncIterable<ConverseStreamOutput> | undefined): Promise<ConverseStreamOutput[]> {
  const events: ConverseStreamOutput[] = []
  for await (const event of stream ?? []) events.push(event)
  return events
}

describe("AWS's client on our transport", () => {
  test('makes a call, with a signature over what is sent', async () => {
    let seen: IncomingMessage | undefined
    await using server = await serve((request, response) => {
      seen = request
      response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-requestid': 'r1' })
      response.end(
        JSON.stringify({
          output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } },
          stopReason: 'end_turn',
          usage: {},
        }),
      )
    })
    const transport = vi.fn<Transport>((url, init) => fetch(url, init))
    const answer = await wrapped(server.url, transport).send(new ConverseCommand(asked))
    expect(answer.output?.message?.content).toEqual([{ text: 'Hello' }])
    expect(answer.$metadata).toMatchObject({ httpStatusCode: 200, requestId: 'r1' })
    const [url, init] = transport.mock.calls[0] ?? []
    expect(url).toBe(`${server.url}/model/us.amazon.nova-lite-v1%3A0/converse`)
    expect(await new Response(init?.body).json()).toEqual({ messages })
    expect(seen?.headers.authorization).toMatch(/SignedHeaders=[^,]*;host;/)
    expect(seen?.headers.host).toBe(new URL(server.url).host)
  })

  test('makes a call with bytes for a body', async () => {
    await using server = await serve(({ text }, response) => response.end(JSON.stringify({ echoed: JSON.parse(text) })))
    const { body } = await wrapped(server.url).send(
      new InvokeModelCommand({ modelId: 'm', body: new TextEncoder().encode('{"inputText":"é"}') }),
    )
    expect(JSON.parse(new TextDecoder().decode(body))).toEqual({ echoed: { inputText: 'é' } })
  })

  test('reads a stream as it comes', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await using server = await serve(async (_, response) => {
      streamTo(response).write(frames.begin)
      response.write(frames.text('Hel'))
      await held
      response.end(Buffer.concat([frames.text('lo'), frames.stop]))
    })
    const { stream } = await wrapped(server.url).send(new ConverseStreamCommand(asked))
    const texts: (string | undefined)[] = []
    for await (const event of stream ?? []) {
      if (event.contentBlockDelta) texts.push(event.contentBlockDelta.delta?.text)
      // Only when the first piece was read does the server send the second.
      if (texts.length === 1) release()
    }
    expect(texts).toEqual(['Hel', 'lo'])
  })

  test('reads a stream cut into single bytes', async () => {
    const bytes = new Uint8Array(Buffer.concat([frames.begin, frames.text('Grüße'), frames.stop]))
    const transport: Transport = async () =>
      new Response(
        new ReadableStream({
          start(controller) {
            for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
            controller.close()
          },
        }),
        { headers: { 'content-type': 'application/vnd.amazon.eventstream' } },
      )
    const { stream } = await wrapped('http://127.0.0.1:9', transport).send(new ConverseStreamCommand(asked))
    expect(await collected(stream)).toEqual([
      { messageStart: { role: 'assistant' } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Grüße' } } },
      { messageStop: { stopReason: 'end_turn' } },
    ])
  })

  test('raises the class of a refusal', async () => {
    await using server = await serve((_, response) =>
      response.writeHead(429, { 'x-amzn-errortype': 'ThrottlingException' }).end('{"message":"Slow down"}'),
    )
    const error = await wrapped(server.url)
      .send(new ConverseCommand(asked))
      .catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ThrottlingException)
    expect(error).toMatchObject({ message: 'Slow down', $metadata: { httpStatusCode: 429 } })
  })

  test('raises an exception amid a stream', async () => {
    await using server = await serve((_, response) => {
      streamTo(response).end(
        Buffer.concat([frames.begin, frameAwsEvent({ event: 'throttlingException', data: '{"message":"Slow down"}' })]),
      )
    })
    const { stream } = await wrapped(server.url).send(new ConverseStreamCommand(asked))
    await expect(collected(stream)).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Slow down' })
  })

  test('raises an error for a stream that was cut', async () => {
    await using server = await serve((_, response) => {
      streamTo(response).end(Buffer.concat([frames.begin, frames.text('Hello')]).subarray(0, -3))
    })
    const { stream } = await wrapped(server.url).send(new ConverseStreamCommand(asked))
    await expect(collected(stream)).rejects.toThrow(/[Tt]runcated/)
  })

  // A stream that is merely left is not closed by AWS's SDK, on any transport: only its signal does that.
  test('stops the upstream when the signal fires amid a stream', async () => {
    let closed = () => {}
    const gone = new Promise<void>((resolve) => {
      closed = resolve
    })
    await using server = await serve((_, response) => {
      response.on('close', closed)
      streamTo(response).write(Buffer.concat([frames.begin, frames.text('Hello')]))
    })
    const controller = new AbortController()
    const { stream } = await wrapped(server.url).send(new ConverseStreamCommand(asked), { abortSignal: controller.signal })
    const reading = async () => {
      for await (const event of stream ?? []) if (event.contentBlockDelta) controller.abort()
    }
    await expect(reading()).rejects.toMatchObject({ name: 'AbortError' })
    await gone
  })

  test('stops the call when its signal fires', async () => {
    let closed = () => {}
    const gone = new Promise<void>((resolve) => {
      closed = resolve
    })
    const controller = new AbortController()
    await using server = await serve((_, response) => {
      response.on('close', closed)
      controller.abort()
    })
    const call = wrapped(server.url).send(new ConverseCommand(asked), { abortSignal: controller.signal })
    await expect(call).rejects.toMatchObject({ name: 'AbortError' })
    await gone
  })

  test("follows the SDK's own kind of signal", async () => {
    const seen: (AbortSignal | null | undefined)[] = []
    const handler = awsRequestHandler(async (_, init) => {
      seen.push(init.signal)
      return new Response(null, { status: 204 })
    })
    const request = { method: 'POST', protocol: 'https:', hostname: 'h', path: '/', headers: {} }
    const old: { aborted: boolean; onabort: (() => void) | null } = { aborted: false, onabort: null }
    await handler.handle(request, { abortSignal: old })
    expect(seen[0]?.aborted).toBe(false)
    old.onabort?.()
    expect(seen[0]?.aborted).toBe(true)
    const { response } = await handler.handle(request, { abortSignal: { aborted: true, onabort: null } })
    expect(seen[1]?.aborted).toBe(true)
    expect(await new Response(response.body).text()).toBe('')
  })
})

test('an address is written as it was signed', () => {
  const request = { method: 'GET', protocol: 'https:', hostname: 'h', port: 81, path: '/a%3Ab', headers: {} }
  expect(urlOf({ ...request, query: { x: ['1', '2'], y: null, z: "a b!'" } })).toBe('https://h:81/a%3Ab?x=1&x=2&y&z=a%20b%21%27')
  expect(urlOf(request)).toBe('https://h:81/a%3Ab')
})
