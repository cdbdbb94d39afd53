import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('numbers that every state forms in its own way are found after their names', () => {
  expectFound([
    'Passport no. {{PASSPORT|L8988901C}}',
    'Passport: {{PASSPORT|533380006}} issued in 2019',
    "driver's license {{DRIVER_LICENSE|D1234567}} (California)",
    'Driving licence number {{DRIVER_LICENSE|MORGA657054SM9IJ}}',
    'Führerschein {{DRIVER_LICENSE|B072RRE2I55}}',
    'EIN {{TAX_ID|12-3456789}}',
    'account number {{ACCOUNT_NUMBER|123456789012}}',
  ])
})

test('a routing number has to have its checksum', () => {
  expectFound(['routing number {{ROUTING_NUMBER|021000021}}', 'routing number 021000022'])
})

test('the same digits with no such name are left', () => {
  expectFound([
    'L8988901C',
    'License: Apache-2.0',
    'license key ABCDE-12345',
    'account for 1000000 of them',
    'the account was opened in 20190401',
    'passport photos 35 x 45',
  ])
})
