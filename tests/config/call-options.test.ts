import { describe, expect, test } from 'vitest'
import { checkCall } from '../../src/config/call-options.js'

describe('an option of one call is taken', () => {
  test.each([
    ['tags', { team: 'search' }],
    ['tags', { team: 5, stage: undefined }],
    ['tenant', ''],
    ['tenant', 5],
    ['user', null],
    ['priority', 'high'],
    // Whatever is left of somebody's time.
    ['deadlineMs', -0.5],
    ['deadlineMs', Number.POSITIVE_INFINITY],
    ['maxRetries', 0],
    ['maxAttempts', 1],
    ['timeouts', { attemptMs: 0, idleMs: 1.5, slowStream: false, firstTokenMs: undefined }],
    ['timeouts', { slowStream: { tokensPerSecond: 3, hold: true } }],
    ['fallback', false],
    ['fallback', ['gpt-4o-mini']],
    ['prefer', 'cost'],
    ['maxCostUsd', 0.01],
    ['budgetUsd', 0],
    ['stopAtUsd', 0.0375],
    ['cache', 'refresh'],
    ['cache', { ttlMs: 0 }],
    ['strict', undefined],
  ])('%s: %o', (name, value) => {
    expect(() => checkCall(name, value)).not.toThrow()
  })
})

const notModels = '`leash.fallback`: must be a list of models, such as ["openai/gpt-5"], or `false`.'
const noCache = "`leash.cache`: must be `false`, `'refresh'` or `{ ttlMs }`, in milliseconds."

describe('an option of one call is refused by its name', () => {
  test.each<[name: string, value: unknown, message: string]>([
    ['tenent', 'acme', 'unknown option `leash.tenent` (known: tags, tenant, user,'],
    ['toString', 1, 'unknown option `leash.toString`'],
    ['tags', { team: {} }, '`leash.tags`: must be an object of strings.'],
    ['tags', 'search', '`leash.tags`: must be an object of strings.'],
    ['tenant', { id: 'acme' }, '`leash.tenant`: must be a string.'],
    ['priority', 'highest', '`leash.priority`: must be "high" or "normal" or "low".'],
    ['deadlineMs', Number.NaN, '`leash.deadlineMs`: must be a number.'],
    ['maxRetries', '2', '`leash.maxRetries`: must be a whole number.'],
    ['maxRetries', Number.NaN, '`leash.maxRetries`: must be a whole number.'],
    ['maxAttempts', 0, '`leash.maxAttempts`: must be at least 1.'],
    ['timeouts', 500, '`leash.timeouts`: must be an object.'],
    ['timeouts', { attemptms: 500 }, 'unknown option `leash.timeouts.attemptms` (known: attemptMs,'],
    ['timeouts', { idleMs: -1 }, '`leash.timeouts.idleMs`: must be a number of milliseconds, 0 or more.'],
    ['timeouts', { slowStream: { hold: 1 } }, '`leash.timeouts.slowStream.hold`: must be a boolean.'],
    ['fallback', 'openai/gpt-5', notModels],
    ['fallback', true, notModels],
    ['fallback', [7], notModels],
    ['fallback', [''], notModels],
    ['prefer', 'speed', '`leash.prefer`: must be "cost" or "latency" or "quality".'],
    ['maxCostUsd', null, '`leash.maxCostUsd`: must be a number.'],
    ['budgetUsd', -1, '`leash.budgetUsd`: must be at least 0.'],
    ['budgetUsd', Number.NaN, '`leash.budgetUsd`: must be a number.'],
    ['budgetUsd', '0.5', '`leash.budgetUsd`: must be a number.'],
    ['stopAtUsd', Number.POSITIVE_INFINITY, '`leash.stopAtUsd`: must be a number.'],
    ['strict', 'yes', '`leash.strict`: must be a boolean.'],
    ['cache', true, noCache],
    ['cache', {}, noCache],
    ['cache', { ttlMs: Number.NaN }, noCache],
  ])('%s: %o', (name, value, message) => {
    expect(() => checkCall(name, value)).toThrow(`[invalid_config] ${message}`)
  })
})
