import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('a date after a word for birth is one, however it is written', () => {
  expectFound([
    'DOB: {{DATE_OF_BIRTH|1984-02-29}}',
    'Date of birth {{DATE_OF_BIRTH|03/11/1975}}',
    'born on {{DATE_OF_BIRTH|12 May 1990}} in Leeds',
    'She was born {{DATE_OF_BIRTH|May 12, 1990}}.',
    'born {{DATE_OF_BIRTH|12th of May 1990}}',
    'born {{DATE_OF_BIRTH|May 12th, 1990}}',
    'born {{DATE_OF_BIRTH|12-May-1990}}',
    'Geburtsdatum: {{DATE_OF_BIRTH|3. März 1980}}',
    'nacida el {{DATE_OF_BIRTH|12 de mayo de 1990}}',
    '"birthDate": "{{DATE_OF_BIRTH|19800131}}"',
  ])
})

test('a date after anything else is left', () => {
  expectFound([
    'shipped on 12 May 1990',
    'on 2024-05-06',
    'due 01/02/2025',
    'May 12, 1990',
    'born in 1990',
    'born 12 Foo 1990',
    'born 99999999',
  ])
})
