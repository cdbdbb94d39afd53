/** Where a request comes from, whoever says so. */
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { clientAddress, countedAs, fromTrusted } from '../../../src/relay/http/client-address.js'
import { rangesOf } from '../../../src/relay/ip-ranges.js'

const proxies = rangesOf(['10.0.0.0/8'])

function request(peer: string, forwarded?: string): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const incoming = new IncomingMessage(socket)
  if (forwarded !== undefined) incoming.headers['x-forwarded-for'] = forwarded
  return incoming
}

it.each([
  ['whom nobody trusts says it for himself', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['a proxy says nothing', '10.0.0.1', undefined, '10.0.0.1'],
  ['what stands in front anybody may have written', '10.0.0.1', '192.0.2.7, 203.0.113.9', '203.0.113.9'],
  ['one proxy comes by another', '10.0.0.1', '192.0.2.7, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['all are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['the proxy is on a socket of IPv6', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['there is a port', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
  ['there is a port behind an address of IPv6', '10.0.0.1', '[2001:db8::1]:443', '2001:db8::1'],
  ['a proxy does not know', '10.0.0.1', '203.0.113.9, unknown, 10.0.0.2', '10.0.0.2'],
])('is known where %s', (_, peer, forwarded, address) => {
  expect(clientAddress(request(peer, forwarded), proxies)).toBe(address)
})

it('is the other end of the connection where no proxy is trusted', () => {
  expect(clientAddress(request('10.0.0.1', '203.0.113.9'), undefined)).toBe('10.0.0.1')
  expect(['10.0.0.1', '198.51.100.1'].map((peer) => fromTrusted(request(peer, '10.0.0.1'), proxies))).toEqual([true, false])
  expect(fromTrusted(request('10.0.0.1'), undefined)).toBe(false)
})

it.each([
  ['203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::ffff', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
])('counts %s as %s, since who has one address of IPv6 has many', (address, counted) => {
  expect(countedAs(address)).toBe(counted)
})
