/** The dashboard and the alert rules, by a real Prometheus that asks a running leash over HTTP. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Leash } from '../../src/leash.js'
import { useMock } from '../helpers/mock.js'
import { hasPrometheus, type PrometheusServer, promtool, startPrometheus } from '../helpers/prometheus.js'
import { type Served, serve } from '../helpers/serve.js'
import { root } from '../helpers/source.js'
import { openScene, playRound } from './scene.js'

const mock = useMock()
const rules = 'deploy/prometheus/alerts.yml'

interface Rule {
  readonly name: string
  readonly health: string
  readonly lastError?: string
}

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

const { panels } = JSON.parse(readFileSync(join(root, 'deploy/grafana/leashllm.json'), 'utf8')) as { panels: Panel[] }
/** As Grafana would ask, for whom every provider is chosen. */
const expressions = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr.replaceAll('$provider', '.*').replaceAll('$__rate_interval', '5m')] as const),
)

describe.skipIf(!hasPrometheus)('a real Prometheus', () => {
  let leash: Leash
  let served: Served
  let prometheus: PrometheusServer
  let playing: Promise<void>
  let over = false

  beforeAll(async () => {
    leash = openScene(mock)
    served = await serve(
      async () => new Response(await leash.metrics(), { headers: { 'content-type': 'text/plain; version=0.0.4' } }),
    )
    prometheus = await startPrometheus(new URL(served.url).host)
    playing = (async () => {
      for (let round = 0; !over; round++) await playRound(leash, mock, round)
    })()
  })

  afterAll(async () => {
    over = true
    await playing
    await prometheus.stop()
    await served.close()
    await leash.close()
  })

  test('can read the metrics', async () => {
    await vi.waitFor(async () => {
      const { activeTargets } = (await prometheus.get('targets')) as { activeTargets: { health: string; lastError: string }[] }
      expect(activeTargets).toMatchObject([{ health: 'up', lastError: '' }])
    }, 10_000)
  })

  // A rate needs something that has grown from one time it was asked to the next.
  test.each(expressions)('has data for the panel "%s": %s', async (_, expression) => {
    await vi.waitFor(async () => {
      const series = await prometheus.query(expression)
      expect(series.filter(({ value }) => Number.isFinite(value))).not.toEqual([])
    }, 10_000)
  })

  test('has the values that the variable of the dashboard offers', async () => {
    expect(await prometheus.get('label/provider/values?match[]=leash_requests_total')).toEqual(['anthropic', 'openai'])
  })

  test('follows every alert rule', async () => {
    await vi.waitFor(async () => {
      const { groups } = (await prometheus.get('rules')) as { groups: { rules: Rule[] }[] }
      const followed = groups.flatMap(({ rules }) => rules)
      expect(followed).toHaveLength(8)
      for (const { name, health, lastError } of followed) expect({ name, health, lastError }).toEqual({ name, health: 'ok' })
    }, 10_000)
  })
})

describe.skipIf(!hasPrometheus)('promtool', () => {
  test('finds no fault with the metrics', async () => {
    const leash = openScene(mock)
    await playRound(leash, mock, 0)
    expect(promtool(['check', 'metrics'], await leash.metrics())).toBe('')
    await leash.close()
  })

  test('finds no fault with the alert rules', () => {
    expect(promtool(['check', 'rules', rules])).toContain('SUCCESS: 8 rules found')
  })

  test('sees each alert rule fire when it is to, and not before', () => {
    expect(promtool(['test', 'rules', 'tests/observability/alerts.yml'])).toContain('SUCCESS')
  })
})
