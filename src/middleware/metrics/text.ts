/** Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
import type { Family } from './families.js'
import type { Sample } from './registry.js'

export function familyText(name: string, { help, type }: Family, samples: readonly Sample[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(line), ''].join('\n')
}

function line({ name, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
