import { test } from 'vitest'
import { expectFound } from './expect-found.js'

const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'

test('a key in armour is found from its first dash to its last', () => {
  for (const kind of ['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED '])
    expectFound([`x\n{{PRIVATE_KEY|-----BEGIN ${kind}PRIVATE KEY-----\n${line}\n${line}\n-----END ${kind}PRIVATE KEY-----}}\ny`])
})

test('a key in a string has escapes for its line breaks', () => {
  expectFound([String.raw`"key": "{{PRIVATE_KEY|-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----}}\n"`])
})

test('a key that was cut before its end is one all the same', () => {
  expectFound([`{{PRIVATE_KEY|-----BEGIN PRIVATE KEY-----\n${line}}}`])
})

test('certificates, public keys and a first line alone are left', () => {
  expectFound([
    `-----BEGIN CERTIFICATE-----\n${line}\n-----END CERTIFICATE-----`,
    `-----BEGIN PUBLIC KEY-----\n${line}\n-----END PUBLIC KEY-----`,
    '-----BEGIN PRIVATE KEY-----',
  ])
})
