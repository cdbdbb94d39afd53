/** Which addresses strangers may have us ask: those of the public internet, and what whoever runs the relay has allowed. */
import { isIPv4 } from 'node:net'
import { isIn, rangesOf } from '../ip-ranges.js'

/** https://www.iana.org/assignments/iana-ipv4-special-registry, multicast, and what is reserved. */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const

/** All that was ever given to anybody. Outside are loopback, link-local, unique local, multicast, mapped IPv4 and NAT64. */
const global6 = '2000::/3'

/** https://www.iana.org/assignments/iana-ipv6-special-registry: Teredo and its like, documentation, 6to4. They may hold any IPv4. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'] as const

const global = rangesOf([global6])
const special = rangesOf([...special4, ...special6])

/** Whether it is an address of the public internet. One with a scope is of this machine's own networks, and in no list. */
export const isPublic = (address: string): boolean => (isIPv4(address) || isIn(global, address)) && !isIn(special, address)
