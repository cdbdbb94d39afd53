/** What `leash` takes stands in the page of the command line. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../helpers/source.js'

const page = readFileSync(join(root, 'docs/cli.md'), 'utf8')

interface Command {
  readonly meta: { readonly name: string }
  readonly args?: Readonly<Record<string, { readonly type: string; readonly description?: string }>>
}

const isCommand = (value: unknown): value is Command =>
  typeof value === 'object' && value !== null && 'meta' in value && 'run' in value

const files = globSync('src/cli/*.ts', { cwd: root, exclude: ['src/cli/index.ts'] })
const modules = await Promise.all(files.map((file) => import(join(root, file))))
const commands = modules.flatMap((module) => Object.values(module).filter(isCommand))

test('the commands are found', () => {
  expect(commands.map(({ meta }) => meta.name)).toEqual(expect.arrayContaining(['chat', 'vendor-keys', 'backup']))
})

test.each(commands)('every argument of leash $meta.name stands in its part of the page', ({ meta: { name }, args = {} }) => {
  const section = page.split(/^## /m).find((section) => new RegExp(`^[^\\n]*\`(leash )?${name}\``).test(section)) ?? ''
  // Those for a relay stand together, and each has a row of their table.
  const part = new RegExp(`^\\| \`leash ${name}\\b.*$`, 'm').exec(section)?.[0] ?? section
  const options = Object.entries(args).filter(([option, { type }]) => type !== 'positional' && option !== 'json')
  expect(options.map(([option]) => `--${option}`).filter((option) => !part.includes(option))).toEqual([])
  const { verb } = args
  const verbs = verb?.description?.split(/, | or /) ?? []
  expect(verbs.filter((word) => !new RegExp(`\\b${word}\\b`).test(part))).toEqual([])
})
