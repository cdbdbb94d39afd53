/** What the compiler knows of the endpoints in a host. The types are checked by `tsc`. */
import type { IncomingMessage, RequestListener } from 'node:http'
import express, { type Request as ExpressRequest } from 'express'
import { type Endpoints, endpoints } from 'leashllm/express'
import type { Leash } from 'leashllm/leash'
import { expectTypeOf, test } from 'vitest'

test('the endpoints go where Express and Node take a handler', () => {
  const mounted = (leash: Leash) => express().use('/llm', endpoints(leash))
  expectTypeOf(mounted).toBeFunction()
  expectTypeOf<Endpoints>().toExtend<RequestListener>()
})

test('a call is told of by the request that the host has', () => {
  const mounted = (leash: Leash) => [
    endpoints(leash, {
      call(request) {
        expectTypeOf(request).toExtend<IncomingMessage>()
        return { tenant: 'acme' }
      },
    }),
    express().use(endpoints(leash, { call: async (request: ExpressRequest) => ({ user: request.get('x-user') ?? '' }) })),
    // @ts-expect-error A tenant is a text.
    endpoints(leash, { call: () => ({ tenant: 1 }) }),
    // @ts-expect-error No such option.
    endpoints(leash, { maxBytes: 1 }),
  ]
  expectTypeOf(mounted).toBeFunction()
})
