/** The hosts that a leash is mounted in, each on a real socket. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import { type EndpointOptions, endpoints } from '../../src/integrations/express.js'
import { type Leash, LeashError } from '../../src/leash.js'
import { type Served, serve } from '../helpers/serve.js'

/** Below which path the endpoints are mounted. */
export const prefix = '/llm'

export interface Host {
  readonly name: string
  open(leash: Leash, options?: EndpointOptions): Promise<Served>
}

export async function listening(server: Server): Promise<Served> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function fastened(app: FastifyInstance): Promise<Served> {
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    url: url + prefix,
    async close() {
      app.server.closeAllConnections()
      await app.close()
    },
  }
}

const tenantOf = (name: string | string[] | undefined) => {
  if (name === 'stranger') throw new LeashError('permission_denied', 'This tenant may not call models.')
  return typeof name === 'string' ? { tenant: name, tags: { from: 'header' } } : {}
}
const call: EndpointOptions['call'] = ({ headers }) => tenantOf(headers['x-tenant'])

/** Those of `node:http`, which take all options. */
export const nodeHosts: readonly Host[] = [
  {
    name: 'Express',
    open: (leash, options) => listening(createServer(express().use(prefix, endpoints(leash, { call, ...options })))),
  },
  {
    name: 'Express behind a body parser',
    open: (leash, options) =>
      listening(createServer(express().use(express.json({ limit: '8mb' }), endpoints(leash, { call, ...options })))),
  },
  {
    name: 'Fastify',
    async open(leash, options) {
      const serve = endpoints(leash, { call, ...options })
      const app = fastify()
      app.register(async (llm) => {
        llm.removeAllContentTypeParsers()
        llm.addContentTypeParser('*', (_request, _payload, done) => done(null))
        llm.post(`${prefix}/*`, (request, reply) => {
          reply.hijack()
          return serve(request.raw, reply.raw)
        })
      })
      return fastened(app)
    },
  },
  {
    name: 'Fastify with its own parser',
    async open(leash, options) {
      const serve = endpoints(leash, { call, ...options })
      const app = fastify({ bodyLimit: 8 * 1024 * 1024 })
      app.post(`${prefix}/*`, (request, reply) => {
        reply.hijack()
        return serve(Object.assign(request.raw, { body: request.body }), reply.raw)
      })
      return fastened(app)
    },
  },
  {
    name: 'node:http',
    open: (leash, options) => listening(createServer(endpoints(leash, { call, ...options }))),
  },
]

export const hosts: readonly Host[] = [
  ...nodeHosts,
  {
    name: 'Hono',
    async open(leash, options) {
      const app = new Hono().post(`${prefix}/*`, ({ req }) =>
        leash.handle(req.raw, {
          leash: () => tenantOf(req.header('x-tenant')),
          ...(options?.maxBodyBytes !== undefined && { maxBodyBytes: options.maxBodyBytes }),
        }),
      )
      const { url, close } = await serve(async (request) => app.fetch(request))
      return { url: url + prefix, close }
    },
  },
]
