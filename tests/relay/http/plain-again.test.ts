/** A request that only offers another protocol, on a server that is handed it as one for an upgrade, as on Node before 22.21. */
import { createServer, request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { answerOn, readPlain } from '../../../src/relay/http/plain-again.js'
import { listen } from '../../helpers/listen.js'

/** Later ones hand out no socket to this: they ask first. Node 26 could not read from one again. */
const canReadAgain = Number.parseInt(process.versions.node, 10) < 26

test.runIf(canReadAgain).each([0, 30])('is read once more as what it is, with a body that comes %i ms later', async (ms) => {
  const server = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const chunk of incoming) body += chunk
    outgoing.end(`${incoming.method} ${incoming.url} ${incoming.headers.connection} ${body}`)
  })
  server.on('upgrade', (incoming, socket, head) => {
    answerOn(incoming, socket)?.detachSocket(socket as Socket)
    readPlain(server, incoming, socket, head)
  })
  await using listening = await listen(server)
  const told = await new Promise<string>((resolve, reject) => {
    const headers = { connection: 'Upgrade, close', upgrade: 'h2c', 'content-length': 10 }
    const request = httpRequest(`${listening.url}/path`, { method: 'POST', headers }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve(text)
    })
    request.on('error', reject)
    request.write('01234')
    setTimeout(() => request.end('56789'), ms)
  })
  expect(told).toBe('POST /path close 0123456789')
})
