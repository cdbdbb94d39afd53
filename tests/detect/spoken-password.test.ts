import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('a password in a sentence is found', () => {
  expectFound([
    'The password is {{PASSWORD|Tr0ub4dor&3}}',
    'Her password was Kn1ghtRider.'.replace('Kn1ghtRider', '{{PASSWORD|Kn1ghtRider}}'),
    'Passwort ist {{PASSWORD|Geh3im!x}}',
  ])
})

test('a sentence about passwords is left', () => {
  expectFound([
    'The password is required.',
    'Her password is not known to anybody',
    'password reset',
    'passwords are stored here',
    'a mypassword is abc123',
  ])
})
