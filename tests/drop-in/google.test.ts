import { type Content, type GenerateContentResponse, GoogleGenAI } from '@google/genai'
import { type Door, dropIn, prompt, weather } from './drop-in.js'

const client = ({ url, fetch }: Door) =>
  new GoogleGenAI({ apiKey: 'caller', httpOptions: { baseUrl: url, ...(fetch && { fetch }) } }).models

async function whole(chunks: AsyncIterable<GenerateContentResponse>): Promise<Content> {
  const content: Content = { role: 'model', parts: [] }
  for await (const { candidates } of chunks) content.parts?.push(...(candidates?.[0]?.content?.parts ?? []))
  return content
}

const textOf = ({ parts = [] }: Content) => parts.map(({ text = '', thought }) => (thought ? '' : text)).join('')

dropIn('@google/genai', {
  async text(door, model) {
    return (await client(door).generateContent({ model, contents: prompt })).text
  },
  async stream(door, model) {
    return textOf(await whole(await client(door).generateContentStream({ model, contents: prompt })))
  },
  async tools(door, model, ran, stream) {
    const contents: Content[] = [{ role: 'user', parts: [{ text: prompt }] }]
    const declared = { name: 'get_weather', description: 'The weather in a city.', parametersJsonSchema: weather }
    const params = { model, contents, config: { tools: [{ functionDeclarations: [declared] }] } }
    const models = client(door)
    const first = stream
      ? await whole(await models.generateContentStream(params))
      : (await models.generateContent(params)).candidates?.[0]?.content
    const parts = first?.parts?.flatMap(({ functionCall: { id, name = '', args } = {} }) =>
      name === '' ? [] : [{ functionResponse: { name, response: { output: ran(args) }, ...(id && { id }) } }],
    )
    contents.push(first ?? {}, { role: 'user', parts: parts ?? [] })
    return (await models.generateContent(params)).text
  },
})
