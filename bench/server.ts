/** The same upstream on a socket of this machine, in a process of its own. Tells its port to whoever forked it, and ends with them. */
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { answer, headers, piecesFor, streamHeaders } from './answers.ts'

const server = createServer(async (request, response) => {
  const pieces = piecesFor(await text(request))
  if (!pieces) return response.writeHead(200, headers).end(answer)
  response.writeHead(200, streamHeaders)
  for (const piece of pieces) {
    response.write(piece)
    await setImmediate()
  }
  response.end()
})

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') process.send?.(address.port)
})
process.on('disconnect', () => process.exit())
