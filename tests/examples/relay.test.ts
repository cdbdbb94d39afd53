/** The relay's compose file, as far as it can be looked at without Docker. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/relay/config/file.js'

const folder = fileURLToPath(new URL('../../examples/relay/', import.meta.url))
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const compose = parse(read('compose.yaml'), { merge: true })
const services: Record<string, { image: string; volumes?: string[]; depends_on?: object }> = compose.services

const env = Object.fromEntries(
  read('.env.example')
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
)

it('has two relays, and what they stand on', () => {
  expect(Object.keys(services)).toEqual(['relay-1', 'relay-2', 'postgres', 'redis', 'prometheus', 'grafana'])
  for (const { depends_on = {} } of Object.values(services))
    for (const name of Object.keys(depends_on)) expect(services).toHaveProperty(name)
})

it('pins every image', () => {
  const base = /^FROM (\S+)$/m.exec(read('Dockerfile'))?.[1] ?? ''
  for (const image of [base, ...Object.values(services).map(({ image }) => image)])
    expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?(-\w+)?$/)
})

it('names files that are there, and volumes that are declared', () => {
  for (const { volumes = [] } of Object.values(services)) {
    for (const volume of volumes) {
      const [from = ''] = volume.split(':')
      if (from.startsWith('.')) expect([from, existsSync(join(folder, from))]).toEqual([from, true])
      else expect(compose.volumes).toHaveProperty(from)
    }
  }
})

it('has an example of every variable', () => {
  const asked = [...read('compose.yaml').matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name)
  expect(asked.length).toBeGreaterThan(1)
  for (const name of asked) expect(env).toHaveProperty(name ?? '')
})

it('configures the relay as it wants to be configured', () => {
  const options = readConfig(join(folder, 'leash.yaml'), {
    ...env,
    DATABASE_URL: 'postgres://a@b/c',
    REDIS_URL: 'redis://redis:6379',
  })
  expect(options).toMatchObject({
    host: '0.0.0.0',
    folder: '/var/lib/leash',
    redis: 'redis://redis:6379',
    pepper: env.LEASH_RELAY_PEPPER,
  })
})

it('has Prometheus look at the relays and at our alerts', () => {
  const { scrape_configs, rule_files } = parse(read('prometheus.yml'))
  const targets = scrape_configs[0].static_configs[0].targets.map((target: string) => target.split(':')[0])
  expect(targets).toEqual(Object.keys(services).filter((name) => name.startsWith('relay')))
  expect(services.prometheus?.volumes?.some((volume) => volume.includes(`/${rule_files[0]}:ro`))).toBe(true)
})
