/** Through the whole leash, over sockets. */
import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, type LeashOptions, type Report } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { asks, doors, send } from './asks.js'

const mock = useMock()

function open(options: LeashOptions = {}): { leash: Leash; reports: Report[] } {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, redact: true, ...options })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { leash, reports }
}

const said = 'Write to john.doe@acme.com, and again to john.doe@acme.com.'

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ request }) => {
    test('the vendor never sees the value, and the caller sees nothing else', async () => {
      const { leash, reports } = open()
      const response = await send(leash, door, mock.url, request(said, false))
      expect(response.status).toBe(200)
      expect(await response.text()).toContain('john.doe@acme.com, and again to john.doe@acme.com')
      expect(JSON.stringify(mock.requests)).not.toContain('acme')
      expect(JSON.stringify(mock.requests)).toContain('<EMAIL_1>, and again to <EMAIL_1>')
      expect(reports[0]?.redactions).toEqual({ EMAIL_ADDRESS: 2 })
    })

    test.each([
      ['as it comes', {}],
      ['one byte at a time', { chunkBytes: 1 }],
    ])('a stream, %s', async (_, fault) => {
      const { leash } = open()
      mock.script(fault)
      const response = await send(leash, door, mock.url, request(said, true))
      const text = await response.text()
      expect(JSON.stringify(mock.requests)).not.toContain('acme')
      expect(text).toContain('john.doe@acme.com')
      expect(text).not.toMatch(/EMAIL|_1>/)
    })
  })
})
