import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('an address of IPv4 is found', () => {
  expectFound([
    'Request from {{IP_ADDRESS|203.0.113.42}} was denied',
    'ssh root@{{IP_ADDRESS|198.51.100.7}}',
    '{{IP_ADDRESS|192.168.1.254}}:8080',
    'allow {{IP_ADDRESS|10.20.0.0}}/16',
    '({{IP_ADDRESS|203.0.113.42}})',
  ])
})

test('an address of IPv6 is found in every form', () => {
  expectFound([
    'client {{IP_ADDRESS|2001:db8:85a3::8a2e:370:7334}} connected',
    '[{{IP_ADDRESS|fe80::1ff:fe23:4567:890a}}]:443',
    '{{IP_ADDRESS|2001:0db8:85a3:0000:0000:8a2e:0370:7334}}',
    'map {{IP_ADDRESS|64:ff9b::192.0.2.33}}.',
    'The address is {{IP_ADDRESS|fe80::1}}: use it.',
    'prefix {{IP_ADDRESS|2001:db8:7::}}/48',
  ])
})

test('blocks that are set apart for everybody are left', () => {
  expectFound([
    'allow 10.0.0.0/8, 192.168.0.0/16 and 2001:db8::/32',
    'not {{IP_ADDRESS|10.0.0.0}}/80 nor {{IP_ADDRESS|10.0.0.0}}/8x',
  ])
})

test('small numbers are an address only beside a word for one', () => {
  expectFound(['The server is {{IP_ADDRESS|1.2.3.4}} now', 'is 1.2.3.4 now'])
})

test('a reserved address counts only beside a word for one', () => {
  expectFound(['blocked address {{IP_ADDRESS|240.81.108.147}}', 'value 240.81.108.147'])
})

test('versions, sections and object identifiers are left', () => {
  expectFound([
    'Version 10.2.3.4 of the driver',
    'v1.2.3.4',
    '1.2.3.4-beta',
    'OID 1.3.6.1.4.1.311.21.20',
    'Section 4.3.2.1',
    '1.2.840.113549',
  ])
})

test('addresses of every machine itself, masks, and impossible ones are left', () => {
  expectFound(['127.0.0.1', '0.0.0.0', 'ip 255.255.255.0', 'ip 256.1.1.1', 'ip 01.2.3.4', '::1', '::'])
})

test('times, scopes and ratios with colons are left', () => {
  expectFound([
    '12:34:56',
    'a::b',
    'std::vector',
    'cafe::bean',
    'Face::Add',
    '1:2:3',
    '1:2:3:4:5:6:7',
    'fe80:::1',
    '2001:db8::1::2',
  ])
})
