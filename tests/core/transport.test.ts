import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { send } from '../../src/core/transport.js'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server that answers thus, and what it was asked. */
async function serve(status: number, headers: Record<string, string>): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(status, headers).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const request = (url: string) => ({ url, method: 'POST', headers: { authorization: 'Bearer secret' }, body: '{}' })

test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed, and the error says what to set', async (status) => {
  const other = await serve(200, {})
  const { url } = await serve(status, { location: `${other.url}/v1?token=secret` })
  const failure = send(fetch, request(url))
  await expect(failure).rejects.toMatchObject({ code: 'upstream_error', retryable: false })
  await expect(failure).rejects.toThrow(`${url} redirects to ${other.url}, where your key must not follow.`)
  expect(other.asked).toEqual([])
})

test('a redirect whose target a browser hides is refused as well', async () => {
  const hidden = Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' })
  await expect(send(async () => hidden, request('https://api.example.com/v1'))).rejects.toThrow(
    'https://api.example.com redirects,',
  )
})

test('any other answer comes back as it is', async () => {
  const { url, asked } = await serve(404, {})
  expect((await send(fetch, request(url))).status).toBe(404)
  expect(asked).toEqual(['POST /'])
})
