/** Beside the metrics of the rest of a program, in a registry of the real prom-client. */
import { AggregatorRegistry, Counter, type OpenMetricsContentType, Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, type LeashOptions } from '../../../src/leash.js'
import { families } from '../../../src/middleware/metrics/families.js'
import type { MetricsOptions } from '../../../src/middleware/metrics/options.js'
import { readExposition } from '../../helpers/exposition.js'
import { useMock } from '../../helpers/mock.js'
import { playRound, sceneOptions } from '../../observability/scene.js'
import { asks, send } from '../asks.js'

const mock = useMock()
const open = (registry: MetricsOptions['registry'], options: LeashOptions = {}) =>
  createLeash({ ...sceneOptions(mock), ...options, metrics: { registry } })
const ask = async (leash: Leash) =>
  (await send(leash, 'handle', mock.url, asks[0]?.request('hello', false) ?? { path: '', body: {} })).text()

/** All but times, which go on between two readings. */
const lines = (text: string) => [...readExposition(text.replace(/\n+/g, '\n')).values()].flatMap(({ samples }) => samples)

describe('a registry of prom-client', () => {
  test('tells what the leash counts beside what the program does', async () => {
    const registry = new Registry()
    new Counter({ name: 'pages_total', help: 'Pages.', registers: [registry] }).inc(3)
    const leash = open(registry)
    await playRound(leash, mock, 0)
    const text = (await registry.metrics()).replace(/\n+/g, '\n')
    expect([...readExposition(text).keys()]).toEqual(['pages_total', ...Object.keys(families)])
    expect(lines(text).filter(({ name }) => name !== 'pages_total')).toEqual(lines(await leash.metrics()))
    await leash.close()
  })

  test('adds its own labels, and reads each metric when it is asked', async () => {
    const registry = new Registry()
    registry.setDefaultLabels({ app: 'shop' })
    const leash = open(registry)
    await ask(leash)
    const labels = 'provider="openai",model="gpt-4.1",operation="chat",code="ok",app="shop"'
    expect(await registry.getSingleMetricAsString('leash_requests_total')).toContain(`leash_requests_total{${labels}} 1`)
    await ask(leash)
    await ask(leash)
    expect(await registry.getSingleMetricAsString('leash_requests_total')).toContain(`leash_requests_total{${labels}} 3`)
    registry.resetMetrics()
    expect(await registry.getSingleMetricAsString('leash_requests_total')).toContain(`leash_requests_total{${labels}} 3`)
    await leash.close()
  })

  test('that tells in OpenMetrics names counters as that asks for', async () => {
    const registry = new Registry<OpenMetricsContentType>()
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    new Counter({ name: 'pages_total', help: 'Pages.', registers: [registry] }).inc()
    const leash = open(registry)
    await ask(leash)
    const text = await registry.metrics()
    for (const name of ['pages', 'leash_requests', 'leash_attempts']) {
      expect(text).toContain(`# TYPE ${name} counter\n${name}_total`)
      expect(text).not.toContain(`${name}_total_total`)
    }
    expect(text).toMatch(/\nleash_request_duration_seconds_bucket\{/)
    expect(text).toMatch(/\n# EOF\n$/)
    await leash.close()
    expect(await registry.metrics()).not.toContain('leash')
  })

  test('is left when the leash is closed', async () => {
    const registry = new Registry()
    const leash = open(registry)
    await ask(leash)
    await leash.close()
    expect((await registry.metrics()).trim()).toBe('')
    const next = open(registry)
    await ask(next)
    expect(await registry.metrics()).toContain('leash_requests_total{')
    await next.close()
  })

  test('tells of the workers of a cluster as one what is true of them together', async () => {
    const registries = [new Registry(), new Registry()] as const
    const leashes = registries.map((registry) => open(registry))
    for (const leash of leashes) await playRound(leash, mock, 0)
    await leashes[1]?.breaker('mistral', 'auto')
    const told = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))
    const text = await AggregatorRegistry.aggregate(told).metrics()
    const value = (start: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(start))
          ?.split(' ')
          .at(-1),
      )
    expect(value('leash_breaker_state{target="mistral')).toBe(2)
    expect(value('leash_slo_target{provider="openai",objective="availability"')).toBe(0.99)
    expect(value('leash_slo_compliance{')).toBeLessThanOrEqual(1)
    expect(value('leash_slo_error_budget_remaining{')).toBeLessThanOrEqual(1)
    expect(value('leash_provider_ready{provider="openai"')).toBe(1)
    expect(value('leash_budget_limit{')).toBe(100)
    expect(value('leash_budget_remaining{')).toBeLessThanOrEqual(100)
    expect(value('leash_tenant_requests_total{tenant="busy",code="ok"')).toBe(2)
    for (const leash of leashes) await leash.close()
  })

  test('takes one leash, and says so to another', async () => {
    const registry = new Registry()
    const [first, second] = [open(registry), open(registry)]
    await ask(first)
    expect(await ask(second)).toContain('Give each leash one of its own.')
    await first.close()
  })
})
