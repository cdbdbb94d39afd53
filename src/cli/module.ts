import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineCommand } from 'citty'
import { codeOf } from '../core/code-of.js'
import { LeashError } from '../core/errors.js'
import { moduleText, testText } from './module-template.js'
import { paint, printJson, telling } from './output.js'

export const module = defineCommand({
  meta: { name: 'module', description: '"module new NAME" writes the skeleton of a module, with its test.' },
  args: {
    what: { type: 'positional', description: 'new', required: true },
    name: { type: 'positional', description: 'Name of the module, such as no-codenames', required: true },
    dir: { type: 'string', description: 'The folder to write it to', default: '.' },
    json: { type: 'boolean', description: 'Print the names of the files as JSON' },
  },
  run: ({ args: { what, name, dir, json } }) =>
    telling(json, async () => {
      if (what !== 'new')
        throw new LeashError('invalid_config', `There is no "module ${what.slice(0, 40)}". Write: leash module new NAME`)
      if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) || name.length > 64)
        throw new LeashError('invalid_config', 'A module is named by small letters, digits and dashes, such as no-codenames.')
      const files = [`${name}.ts`, `${name}.test.ts`].map((file) => join(dir, file))
      await mkdir(dir, { recursive: true })
      const [module = '', test = ''] = files
      await write(module, moduleText(name))
      await write(test, testText(name)).catch(async (error: unknown) => {
        // Half of the two is of no use, and would be in the way of the next try.
        await rm(module)
        throw error
      })
      if (json) return printJson(files)
      process.stdout.write(`${files.join('\n')}\n`)
      process.stderr.write(`${paint('dim', `Try it: node --test ${files[1]}`, process.stderr)}\n`)
    }),
})

/** What is there already is somebody's. */
async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause
    throw new LeashError('invalid_config', `${path} is there already. Choose another name, or another \`--dir\`.`, { cause })
  }
}
