import { test } from 'vitest'
import { expectFound } from './expect-found.js'

const header = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9'
const signed = `${header}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U`

test('a token of three parts is found, and one of five', () => {
  expectFound([`Bearer {{JWT|${signed}}}`, `{"t":"{{JWT|${signed}}}"}`, `{{JWT|${signed}.YWJj.ZGVm}} x`])
})

test('base64 that is no header, or has nothing signed after it, is left', () => {
  expectFound(['eyJmb28iOjF9.eyJiYXIiOjJ9.c2ln', `${header} alone`, `${header}.`, 'eyJ.eyJ.eyJ', 'eyJ!'])
})
