import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { safeFetch } from '../../../src/relay/webhooks/safe-fetch.js'

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Nobody may be asked, and no name is to be looked up. */
const closed = safeFetch({ resolve: () => Promise.reject(new Error('a name was looked up')) })
const local = { allow: ['127.0.0.0/8', '::1'] }

describe('an address that is written out', () => {
  it.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://0/',
    'https://0.0.0.0/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://100.127.255.255/',
    'https://169.254.169.254/latest/meta-data/',
    'https://169.254.170.2/',
    'https://192.0.0.192/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://240.0.0.1/',
    'https://１２７.０.０.１/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
    'https://127.0.0.1./',
    'https://[::]/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b::8.8.8.8]/',
    'https://[64:ff9b:1::1]/',
    'https://[2002:7f00:1::]/',
    'https://[2002:c0a8:101::1]/',
    'https://[2001:0:7f00:1::]/',
    'https://[2001:db8::1]/',
    'https://[fc00::1]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
    'https://[100::1]/',
    'https://[3fff::1]/',
  ])('%s is refused', async (url) => {
    expect(() => closed.check(url)).toThrow(/not on the public internet.*`webhooks\.allow`/)
    await expect(closed.send(url, {})).rejects.toMatchObject({ code: 'invalid_request', param: 'url' })
  })

  it.each([
    'http://example.com/',
    'http://8.8.8.8/',
    'https://user@example.com/',
    'https://user:secret@example.com/',
    'https://:secret@example.com/',
    'https://[fe80::1%25eth0]/',
    'https://[fe80::1%eth0]/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'data:text/plain,x',
    'javascript:alert(1)',
    'blob:https://example.com/x',
    '//example.com/',
    'example.com',
    'https://',
    '',
    `https://example.com/${'x'.repeat(2048)}`,
  ])('%s is refused as it is written, or when it is asked', async (url) => {
    const error = await safeFetch({ resolve: async () => ['8.8.8.8'] })
      .send(url, {})
      .catch((error) => error)
    expect(error).toMatchObject({ code: 'invalid_request' })
    expect(error.message).not.toContain('secret')
  })

  it.each(['https://8.8.8.8/', 'https://[2606:4700::1111]/', 'https://1.1/x?y#z', 'https://example.com:8443/hook'])(
    '%s has nothing against it',
    (url) => expect(closed.check(url).protocol).toBe('https:'),
  )

  it('is refused in every way to write a private one', () => {
    const octets = fc.tuple(fc.constantFrom(10, 127), fc.nat(255), fc.nat(255), fc.nat(255))
    const written = fc.constantFrom<(all: readonly number[]) => string>(
      (all) => all.join('.'),
      (all) => String(all.reduce((sum, octet) => sum * 256 + octet, 0)),
      (all) => `0x${all.map((octet) => octet.toString(16).padStart(2, '0')).join('')}`,
      (all) => all.map((octet) => `0${octet.toString(8)}`).join('.'),
      (all) => all.map((octet) => `0X${octet.toString(16)}`).join('.'),
      ([a = 0, ...rest]) => `${a}.${rest.reduce((sum, octet) => sum * 256 + octet, 0)}`,
      (all) => `[::ffff:${all.join('.')}]`,
      (all) => `[64:ff9b::${all.join('.')}]`,
      ([a = 0, b = 0, c = 0, d = 0]) => `[2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::1]`,
    )
    fc.assert(
      fc.property(octets, written, (all, write) => {
        expect(() => closed.check(`https://${write(all)}/`)).toThrow(/public internet/)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a name', () => {
  it.each([
    [['127.0.0.1']],
    [['::1']],
    [['::ffff:10.0.0.1']],
    [['fe80::1%eth0']],
    [['8.8.8.8', '10.0.0.1']],
    [['2606:4700::1111', 'fd00::1']],
    [['no address']],
    [[]],
  ])('that stands for %j is refused, and the error does not say for what', async (addresses) => {
    const error = await safeFetch({ resolve: async () => addresses })
      .send('https://hooks.example/', {})
      .catch((error) => error)
    expect(error).toMatchObject({ code: 'invalid_request' })
    for (const address of addresses) expect(error.message).not.toContain(address)
  })

  it('of this machine is refused by the real resolver', async () => {
    await expect(safeFetch().send('https://localhost/', {})).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('is asked at the address that was looked at, under its own name', async () => {
    const asked: (string | undefined)[] = []
    const port = await serve((request, response) => {
      asked.push(request.headers.host)
      response.end('taken')
    })
    const looked: string[] = []
    const { send } = safeFetch({
      ...local,
      resolve: async (host) => {
        looked.push(host)
        return looked.length === 1 ? ['127.0.0.1'] : ['8.8.8.8']
      },
    })
    const url = `http://hooks.example:${port}/x`
    expect(await send(url, { body: '{}' })).toMatchObject({ status: 200, text: 'taken' })
    expect(asked).toEqual([`hooks.example:${port}`])
    // What it stands for is looked at with every request: the second time it is nothing that may be asked without TLS.
    await expect(send(url, { body: '{}' })).rejects.toMatchObject({ code: 'invalid_request' })
    expect(looked).toEqual(['hooks.example', 'hooks.example'])
    expect(asked).toHaveLength(1)
  })
})

describe('what is allowed', () => {
  it('is asked without TLS too, and takes a body and headers', async () => {
    const port = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => response.writeHead(202, { 'x-a': 'b' }).end(`${request.method} ${request.headers['x-c']} ${body}`))
    })
    const answer = await safeFetch(local).send(`http://127.0.0.1:${port}/`, { headers: { 'x-c': 'd' }, body: 'ü' })
    expect(answer).toMatchObject({ status: 202, text: 'POST d ü' })
    expect(answer.headers.get('x-a')).toBe('b')
  })

  it('is the range alone', () => {
    const { check } = safeFetch({ allow: ['10.0.0.0/8', 'fd00::/8', '192.168.1.7'] })
    for (const host of ['10.255.0.1', '[fd12::1]', '192.168.1.7', '[::ffff:10.0.0.1]']) check(`http://${host}/`)
    for (const host of ['11.0.0.1', '[fc00::1]', '192.168.1.8', '127.0.0.1'])
      expect(() => check(`http://${host}/`)).toThrow(/public internet/)
  })

  it.each(['10.0.0.0/33', 'localhost', '10.0.0/8', '::1/129', '10.0.0.0/8/8', '10.0.0.0/', 'fe80::1%eth0', ''])(
    'is no %j',
    (range) => {
      expect(() => safeFetch({ allow: [range] })).toThrow(/list of addresses/)
    },
  )
})

describe('over TLS', () => {
  const pem = (name: string) => readFileSync(fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url)), 'utf8')

  async function serveTls(): Promise<number> {
    const server = createTlsServer({ cert: pem('server.pem'), key: pem('server.key') }, (_, response) => response.end('taken'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  it('a name is asked at the address that was looked at, and has to show a certificate of its own', async () => {
    const port = await serveTls()
    const { send } = safeFetch({ ...local, resolve: async () => ['127.0.0.1'] })
    await expect(send(`https://localhost:${port}/`, {})).rejects.toMatchObject({ code: 'network_error' })
    const usual = getCACertificates('default')
    setDefaultCACertificates([...usual, pem('ca.pem')])
    onTestFinished(() => setDefaultCACertificates(usual))
    expect(await send(`https://localhost:${port}/`, { body: '{}' })).toMatchObject({ status: 200, text: 'taken' })
    await expect(send(`https://hooks.example:${port}/`, {})).rejects.toMatchObject({ code: 'network_error' })
  })
})

describe('an answer', () => {
  it('that sends elsewhere is not followed', async () => {
    const paths: (string | undefined)[] = []
    const port = await serve((request, response) => {
      paths.push(request.url)
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    expect((await safeFetch(local).send(`http://127.0.0.1:${port}/here`, {})).status).toBe(302)
    expect(paths).toEqual(['/here'])
  })

  it('without an end is read as far as there is room', async () => {
    const port = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      }
      response.on('drain', more)
      more()
    })
    const { text } = await safeFetch({ ...local, mostBytes: 1000 }).send(`http://127.0.0.1:${port}/`, {})
    expect(text).toBe('x'.repeat(1000))
  })

  it('that does not come is not waited for', async () => {
    const port = await serve(() => {})
    const { send } = safeFetch({ ...local, timeoutMs: 30 })
    await expect(send(`http://127.0.0.1:${port}/`, {})).rejects.toMatchObject({ code: 'timeout', retryable: true })
  })

  it('that does not end is not waited for either', async () => {
    const port = await serve((_, response) => response.write('x'))
    const { send } = safeFetch({ ...local, timeoutMs: 50 })
    await expect(send(`http://127.0.0.1:${port}/`, {})).rejects.toMatchObject({ code: 'timeout' })
  })

  it('of nobody is a network error, and one that is given up is aborted', async () => {
    const port = await serve((request) => request.socket.destroy())
    const { send } = safeFetch(local)
    await expect(send(`http://127.0.0.1:${port}/`, {})).rejects.toMatchObject({ code: 'network_error', retryable: true })
    await expect(send(`http://127.0.0.1:${port}/`, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  })
})
