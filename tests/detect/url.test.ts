import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('an address of the web is found to its end', () => {
  expectFound([
    'See {{URL|https://example.com/a/b?c=d#e}}.',
    '<a href="{{URL|http://example.org}}">',
    '{{URL|www.example.com/path}} has it',
    '"{{URL|https://münchen.example/straße}}"',
    '{{URL|http://203.0.113.9:8080/x}}',
    '{{URL|http://[2001:db8::1]:80/}}',
    '{{URL|HTTPS://EXAMPLE.COM/}}',
  ])
})

test('brackets that the address opened are a part of it', () => {
  expectFound(['({{URL|http://example.org/wiki/Foo_(bar)}})', '[text]({{URL|https://example.org/a}})'])
})

test('a user and password as manuals write them are nobody’s', () => {
  expectFound([
    'postgres://user:password@host:5432/db',
    'amqp://username:pass@host',
    '{{CONNECTION_STRING|postgres://user:passw0rd@host/db}}',
  ])
})

test('a user and password make it an address with credentials', () => {
  expectFound(['{{URL_WITH_CREDENTIALS|https://bob:s3cret@git.example.com/repo.git}}'])
})

test('an address that opens a database is a connection string', () => {
  expectFound([
    'DATABASE_URL={{CONNECTION_STRING|postgres://app:pa55w0rd@db.internal:5432/app}}',
    '{{CONNECTION_STRING|mongodb+srv://u:p4ss@cluster0.example.mongodb.net/?retryWrites=true}}',
    '{{CONNECTION_STRING|jdbc:postgresql://app:hunter2@db/app}}',
    '{{CONNECTION_STRING|redis://:s3cret@cache:6379}}',
    '{{CONNECTION_STRING|amqps://guest:guest@mq.example.com}}',
  ])
})

test('an address that leads to nobody is left', () => {
  expectFound([
    'http://localhost:3000/x',
    'http://127.0.0.1/',
    'https://user:$' + '{password}@localhost/',
    'postgres://db.internal/app',
    'postgres://app:@db.internal/app',
    'file:///etc/hosts',
    'ww.',
    '://',
  ])
})

test('what an address holds is not found a second time', () => {
  expectFound(['{{URL|https://example.com/www.example.org/http://x.example}}'])
})
