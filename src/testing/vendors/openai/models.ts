import { type Endpoint, json, mockTime } from '../../mock/vendor.js'
import { openaiDialect, openaiHeaders } from './dialect.js'

const names = ['gpt-4.1-mini', 'gpt-5-mini', 'text-embedding-3-small']

const card = (id: string) => ({ id, object: 'model', created: mockTime, owned_by: 'openai' })

export function openaiModels(model?: string): Endpoint {
  return {
    protocol: undefined,
    dialect: openaiDialect,
    ...(model !== undefined && { model }),
    answer: ({ ids }) => json(model === undefined ? { object: 'list', data: names.map(card) } : card(model), openaiHeaders(ids)),
  }
}
