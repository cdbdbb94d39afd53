/** Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
import type { Family } from './families.js'
import type { Sample } from './registry.js'

/** A number, or one that is written already, with more digits than a number holds. */
type Written = Omit<Sample, 'value'> & { readonly value: number | string }

export function familyText(name: string, { help, type }: Pick<Family, 'help' | 'type'>, samples: readonly Written[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(line), ''].join('\n')
}

function line({ name, labels, value }: Written): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
