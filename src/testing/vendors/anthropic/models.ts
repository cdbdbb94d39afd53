import { type Endpoint, json } from '../../mock/vendor.js'
import { anthropicDialect, anthropicHeaders } from './dialect.js'

const names = ['claude-opus-4-8', 'claude-haiku-4-5']

const card = (id: string) => ({ type: 'model', id, display_name: id, created_at: '2026-01-02T03:04:05Z' })

export function anthropicModels(model?: string): Endpoint {
  const list = { data: names.map(card), has_more: false, first_id: names[0], last_id: names.at(-1) }
  return {
    protocol: undefined,
    dialect: anthropicDialect,
    ...(model !== undefined && { model }),
    answer: ({ ids }) => json(model === undefined ? list : card(model), anthropicHeaders(ids)),
  }
}
