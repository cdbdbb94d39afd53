import type { ResponseInput } from 'openai/resources/responses/responses'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../../src/core/message.js'
import { encodeResponse } from '../../../src/protocols/openai-responses/response.js'
import { decode, encode } from './helpers.js'

const history = (input: ResponseInput) => decode({ input })
const items = (...messages: Message[]) => encode({ messages })

describe('items to messages', () => {
  test('the items of one turn are one message, and its results another', () => {
    const { request, lost } = history([
      { role: 'user', content: 'Weather?' },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAA' },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'Looking.', annotations: [] }],
      },
      { type: 'function_call', id: 'fc_1', call_id: 'a', name: 'weather', arguments: '{"city":"Oslo"}', status: 'completed' },
      { type: 'function_call', call_id: 'b', name: 'now', arguments: '' },
      { type: 'function_call_output', call_id: 'a', output: 'rain' },
      { type: 'function_call_output', call_id: 'b', output: [{ type: 'input_text', text: 'noon' }] },
    ])
    expect(request.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        content: [
          {
            type: 'reasoning',
            id: 'rs_1',
            text: 'hm',
            summary: true,
            signature: { format: 'openai-responses-v1', value: 'gAAA' },
          },
          { type: 'text', text: 'Looking.' },
          { type: 'tool-call', id: 'a', name: 'weather', arguments: '{"city":"Oslo"}' },
          { type: 'tool-call', id: 'b', name: 'now', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'a', name: 'weather', content: [{ type: 'text', text: 'rain' }] },
          { type: 'tool-result', id: 'b', name: 'now', content: [{ type: 'text', text: 'noon' }] },
        ],
      },
    ])
    expect(lost).toEqual([])
  })

  test('images, files and speech', () => {
    const { request, paths } = decode({
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'See:' },
            { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'high' },
            { type: 'input_image', image_url: 'https://a.example/x.png', detail: 'auto' },
            { type: 'input_image', file_id: 'file-1' },
            { type: 'input_file', file_data: 'data:application/pdf;base64,BBBB', filename: 'x.pdf', detail: 'low' },
            { type: 'input_file', file_data: 'CCCC' },
            { type: 'input_file', file_url: 'https://a.example/x.pdf' },
            { type: 'input_file', file_data: 'data:text/plain,a%20b' },
            { type: 'input_audio', input_audio: { data: 'DDDD', format: 'mp3' } },
            { type: 'input_video', url: 'x' },
          ],
        },
      ],
    })
    expect(request.messages[0]?.content).toEqual([
      { type: 'text', text: 'See:' },
      { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' }, detail: 'high' },
      { type: 'image', source: { kind: 'url', url: 'https://a.example/x.png' } },
      { type: 'image', source: { kind: 'file-id', id: 'file-1' } },
      {
        type: 'file',
        source: { kind: 'base64', data: 'BBBB', mediaType: 'application/pdf' },
        mediaType: 'application/pdf',
        name: 'x.pdf',
      },
      { type: 'file', source: { kind: 'base64', data: 'CCCC', mediaType: 'application/pdf' }, mediaType: 'application/pdf' },
      { type: 'file', source: { kind: 'url', url: 'https://a.example/x.pdf' } },
      { type: 'file', source: { kind: 'text', text: 'a b' } },
      { type: 'audio', source: { kind: 'base64', data: 'DDDD', mediaType: 'audio/mpeg' } },
    ])
    expect(paths).toEqual(['input[0].content[4].detail', 'input[0].content[9]'])
  })

  test('developer and system messages stand where they stood', () => {
    const { request } = history([
      { role: 'user', content: 'a' },
      { role: 'developer', content: 'b' },
      { role: 'system', content: [{ type: 'input_text', text: 'c' }] },
    ])
    expect(request.messages.map(({ role }) => role)).toEqual(['user', 'system', 'system'])
  })

  test('what only OpenAI holds or runs is reported, item by item', () => {
    const { request, lost } = history([
      { type: 'item_reference', id: 'msg_1' },
      { id: 'msg_2' },
      { type: 'constructor' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'x', queries: [] } },
      { type: 'reasoning', id: 'rs_1', summary: [] },
      { role: 'assistant', content: 'hi', mood: 'merry' },
    ] as ResponseInput)
    expect(lost.map(({ path }) => path)).toEqual(['input[0]', 'input[1]', 'input[2]', 'input[3]', 'input[4]', 'input[5].mood'])
    expect(lost[0]?.why).toContain('Send the item itself')
    expect(request.messages).toEqual([{ role: 'assistant', content: [{ type: 'text', text: 'hi' }] }])
  })

  test('what no other vendor reads of a part is reported, by member', () => {
    const { paths } = decode({
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'a', hue: 1 },
            { type: 'input_image', file_id: 'f', hue: 1 },
          ],
        },
        { role: 'assistant', content: [{ type: 'output_text', text: 'b', hue: 1 }] },
      ],
    })
    expect(paths).toEqual(['input[0].content[0].hue', 'input[0].content[1].hue', 'input[1].content[0].hue'])
  })

  test('what a system message or the assistant cannot hold is reported, and the rest stays', () => {
    const file = { type: 'input_file', file_id: 'file-1' }
    const { request, paths } = decode({
      input: [
        { role: 'system', content: [{ type: 'input_text', text: 'a' }, file] },
        { role: 'assistant', content: [{ type: 'output_text', text: 'b' }, file] },
      ],
    })
    expect(request.messages).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
    ])
    expect(paths).toEqual(['input[0].content', 'input[1].content[1]'])
  })

  test('a mark for the cache on a whole message stands at the end of it, and not at speech', () => {
    const cache_control = { type: 'ephemeral' }
    const audio = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } }
    const { request } = decode({
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'a' },
            { type: 'input_text', text: 'b' },
          ],
          cache_control,
        },
        { role: 'assistant', content: 'c', cache_control },
        { role: 'user', content: [audio], cache_control },
      ],
    })
    expect(request.messages.map(({ content }) => content)).toEqual([
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b', cache: {} },
      ],
      [{ type: 'text', text: 'c', cache: {} }],
      [{ type: 'audio', source: { kind: 'base64', data: 'AAAA', mediaType: 'audio/mpeg' } }],
    ])
  })

  test('refusals and citations of earlier answers are kept', () => {
    const annotation = { type: 'url_citation', url: 'https://a.example', title: 'A', start_index: 1, end_index: 2 }
    const { request } = decode({
      input: [
        {
          role: 'assistant',
          content: [
            { type: 'output_text', text: 'abc', annotations: [annotation] },
            { type: 'refusal', refusal: 'no' },
          ],
        },
      ],
    })
    expect(request.messages[0]?.content).toEqual([
      { type: 'text', text: 'abc', citations: [{ url: 'https://a.example', title: 'A', start: 1, end: 2, raw: annotation }] },
      { type: 'refusal', text: 'no' },
    ])
  })

  test('state of other vendors comes back in its own format', () => {
    const { request } = decode({
      input: [
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [],
          content: [{ type: 'reasoning_text', text: '' }],
          encrypted_content: 'anthropic-claude-v1:c2:ln',
        },
        { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'anthropic-claude-v1:cmVk' },
        {
          type: 'function_call',
          call_id: 'a',
          name: 'f',
          arguments: '{}',
          extra_content: { google: { thought_signature: 'Z29v' } },
        },
        {
          role: 'assistant',
          content: [{ type: 'output_text', text: 'x', extra_content: { google: { thought_signature: 'b2c=' } } }],
        },
      ],
    })
    expect(request.messages[0]?.content).toMatchObject([
      { type: 'reasoning', text: '', signature: { format: 'anthropic-claude-v1', value: 'c2:ln' } },
      { type: 'reasoning', text: '', redacted: true, signature: { format: 'anthropic-claude-v1', value: 'cmVk' } },
      { type: 'tool-call', signature: { format: 'google-gemini-v1', value: 'Z29v' } },
      { type: 'text', signature: { format: 'google-gemini-v1', value: 'b2c=' } },
    ])
    // A signed block that happens to be empty is another block than a redacted one, and Anthropic knows.
    expect(request.messages[0]?.content[0]).not.toHaveProperty('redacted')
  })
})

test('a JPEG is one by either name', () => {
  const image_url = 'data:image/jpg;base64,/9j/'
  const { request } = decode({ input: [{ role: 'user', content: [{ type: 'input_image', image_url }] }] })
  expect(request.messages[0]?.content[0]).toMatchObject({ source: { data: '/9j/', mediaType: 'image/jpeg' } })
})

test('a document that stands for an image is a file', () => {
  const image_url = 'data:application/pdf;base64,JVBERi0='
  const { request } = decode({ input: [{ role: 'user', content: [{ type: 'input_image', image_url }] }] })
  expect(request.messages[0]?.content[0]).toMatchObject({ type: 'file', mediaType: 'application/pdf' })
})

test('an image that the assistant made is one in the history', () => {
  const image = { type: 'image' as const, source: { kind: 'base64' as const, data: '/9j/', mediaType: 'image/jpeg' } }
  const choices = [{ content: [image], finishReason: 'stop' as const }]
  const { output } = encodeResponse({ id: '1', model: 'm', choices }, { messages: [] })
  expect(decode({ input: output }).request.messages).toEqual([{ role: 'assistant', content: [image] }])
  const { paths } = decode({ input: [{ type: 'image_generation_call', id: 'ig_1', status: 'completed' }] })
  expect(paths).toEqual(['input[0]'])
})

describe('a custom tool in the history', () => {
  test('was called as a function of one argument, and that is reported', () => {
    const { request, lost } = decode({
      input: [
        { role: 'user', content: 'Mend it.' },
        { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c1', name: 'apply_patch', input: '*** Begin', status: 'completed' },
        { type: 'custom_tool_call_output', call_id: 'c1', output: 'Done' },
      ],
    })
    expect(request.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [{ type: 'tool-call', id: 'c1', name: 'apply_patch', arguments: '{"input":"*** Begin"}' }],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'c1', name: 'apply_patch', content: [{ type: 'text', text: 'Done' }] }],
      },
    ])
    expect(lost).toMatchObject([{ path: 'input[1]', action: 'approximated' }])
  })
})

test('the output of a tool that nobody called, as Codex tells goals, is told by the user, and that is reported', () => {
  const unasked = { type: 'function_call_output', id: 'fco_1', name: 'goal', namespace: 'agent', output: 'Mend it.' }
  const { request, lost } = decode({
    input: [{ role: 'user', content: 'Hi' }, unasked, { ...unasked, call_id: null, output: [] }],
  })
  expect(request.messages.slice(1)).toEqual([
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Output of the tool "agent__goal":' },
        { type: 'text', text: 'Mend it.' },
      ],
    },
    { role: 'user', content: [{ type: 'text', text: 'Output of the tool "agent__goal":' }] },
  ])
  expect(lost).toMatchObject([
    { path: 'input[1]', action: 'approximated' },
    { path: 'input[2]', action: 'approximated' },
  ])
})

describe('messages to items', () => {
  test('another vendor’s signature of a text or a call has no place, and that is reported', () => {
    const signature = { format: 'google-gemini-v1', value: 'CiIB' } as const
    const { body, paths } = items({
      role: 'assistant',
      content: [
        { type: 'text', text: 'Hm', signature },
        { type: 'tool-call', id: 'c1', name: 'f', arguments: '{}', signature },
      ],
    })
    expect(JSON.stringify(body)).not.toContain('CiIB')
    expect(paths).toEqual(['messages[0].content[0].signature', 'messages[0].content[1].signature'])
  })

  test('a turn becomes its items, in its order, without ids', () => {
    const signature = { format: 'openai-responses-v1', value: 'gAAA' } as const
    const { body, lost } = items(
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', id: 'rs_1', text: 'one', summary: true },
          { type: 'reasoning', id: 'rs_1', text: 'two', summary: true, signature },
          { type: 'reasoning', id: 'rs_2', text: '', redacted: true, signature },
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
          { type: 'tool-call', id: 'c1', name: 'f', arguments: '{}' },
        ],
      },
      { role: 'tool', content: [{ type: 'tool-result', id: 'c1', content: [{ type: 'text', text: 'done' }] }] },
    )
    const summaries = ['one', 'two'].map((text) => ({ type: 'summary_text', text }))
    expect(body.input).toEqual([
      { type: 'reasoning', summary: summaries, encrypted_content: 'gAAA' },
      { type: 'reasoning', summary: [], encrypted_content: 'gAAA' },
      {
        type: 'message',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'a' },
          { type: 'output_text', text: 'b' },
        ],
      },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c1', output: 'done' },
    ])
    expect(lost).toEqual([])
  })

  test('text of its own reasoning goes back as a summary, whatever the way has made of it', () => {
    const signature = { format: 'openai-responses-v1', value: 'gAAA' } as const
    const { body } = items({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'hm', signature },
        { type: 'text', text: 'hi' },
      ],
    })
    expect(body.input).toMatchObject([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAA' },
      {},
    ])
    expect((body.input as object[])[0]).not.toHaveProperty('content')
  })

  test('parts of one reasoning are one item, up to the signature that closes it, and parts of none are their own', () => {
    const signature = { format: 'openai-responses-v1', value: 'gAAA' } as const
    const { body, lost } = items({
      role: 'assistant',
      content: [
        { type: 'reasoning', id: 'rs_1', text: 'a' },
        { type: 'reasoning', id: 'rs_1', text: 'b', signature },
        { type: 'reasoning', id: 'rs_1', text: 'c', signature },
        { type: 'reasoning', text: 'd', signature },
        { type: 'reasoning', text: 'e', signature },
        { type: 'text', text: 'hi' },
      ],
    })
    const summaries = (body.input as { summary?: { text: string }[] }[]).map(({ summary }) => summary?.map(({ text }) => text))
    expect(summaries).toEqual([['a', 'b'], ['c'], ['d'], ['e'], undefined])
    expect(lost).toEqual([])
  })

  test('foreign and unsigned reasoning stays behind, and is reported', () => {
    const { body, lost } = items({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'x', signature: { format: 'anthropic-claude-v1', value: 's' } },
        { type: 'reasoning', text: 'y' },
        { type: 'text', text: 'hi' },
      ],
    })
    expect(body.input).toHaveLength(1)
    expect(lost).toMatchObject([
      { path: 'messages[0].content[0]', action: 'dropped', why: expect.stringContaining('another vendor') },
      { path: 'messages[0].content[1]', action: 'dropped', why: expect.stringContaining('without its encrypted content') },
    ])
  })

  test('reasoning that nothing follows would be refused: it stays behind', () => {
    const signature = { format: 'openai-responses-v1', value: 'gAAA' } as const
    const { body, lost } = items(
      { role: 'assistant', content: [{ type: 'reasoning', text: '', signature }] },
      { role: 'user', content: [] },
    )
    expect(body.input).toEqual([])
    expect(lost).toMatchObject([{ path: 'messages[0]', action: 'dropped' }])
  })

  test('media of every source', () => {
    const { body, paths } = items({
      role: 'user',
      content: [
        { type: 'image', source: { kind: 'url', url: 'https://a.example/x.png' }, detail: 'low' },
        { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } },
        { type: 'image', source: { kind: 'file-id', id: 'file-1' } },
        { type: 'file', source: { kind: 'base64', data: 'BBBB', mediaType: 'application/pdf' } },
        { type: 'file', source: { kind: 'url', url: 'https://a.example/x.pdf' } },
        { type: 'file', source: { kind: 'url', url: 'https://a.example/y' }, name: 'y.pdf' },
        { type: 'file', source: { kind: 'text', text: 'grüß' }, name: 'g.txt' },
        { type: 'file', source: { kind: 'file-id', id: 'file-2' } },
        { type: 'audio', source: { kind: 'base64', data: 'CCCC', mediaType: 'audio/wav' } },
      ],
    })
    expect(body.input).toEqual([
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_image', image_url: 'https://a.example/x.png', detail: 'low' },
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
          { type: 'input_image', file_id: 'file-1', detail: 'auto' },
          { type: 'input_file', filename: 'file.pdf', file_data: 'data:application/pdf;base64,BBBB' },
          { type: 'input_file', file_url: 'https://a.example/x.pdf' },
          { type: 'input_file', file_url: 'https://a.example/y', filename: 'y.pdf' },
          {
            type: 'input_file',
            filename: 'g.txt',
            file_data: `data:text/plain;base64,${Buffer.from('grüß').toString('base64')}`,
          },
          { type: 'input_file', file_id: 'file-2' },
        ],
      },
    ])
    expect(paths).toEqual(['messages[0].content[8]'])
  })

  test('an address of an image is left out for a target that takes data only', () => {
    const messages: Message[] = [
      { role: 'user', content: [{ type: 'image', source: { kind: 'url', url: 'https://a.example/x.png' } }] },
    ]
    expect(encode({ messages }, { imageUrls: false })).toMatchObject({ body: { input: [] }, paths: ['messages[0].content[0]'] })
  })

  test('names, error marks and media of the assistant have no place, and are reported', () => {
    const { body, paths } = items(
      { role: 'user', name: 'Ann', content: [{ type: 'text', text: 'hi' }] },
      {
        role: 'assistant',
        content: [
          { type: 'audio', source: { kind: 'base64', data: 'A', mediaType: 'audio/wav' }, transcript: 'hello' },
          { type: 'image', source: { kind: 'base64', data: 'A', mediaType: 'image/png' } },
          { type: 'tool-call', id: 'c', name: 'f', arguments: '{}' },
        ],
      },
      { role: 'tool', content: [{ type: 'tool-result', id: 'c', content: [], isError: true }] },
    )
    expect(paths).toEqual([
      'messages[0].name',
      'messages[1].content[0]',
      'messages[1].content[1]',
      'messages[2].content[0].is_error',
    ])
    expect(body.input).toMatchObject([{}, { content: [{ type: 'output_text', text: 'hello' }] }, {}, { output: '' }])
  })
})
