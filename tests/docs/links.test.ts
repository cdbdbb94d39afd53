import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../helpers/source.js'

const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*.md', 'examples/*/*.md'], { cwd: root }).sort()

test.each(pages)('links in %s lead somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```.*?^```$/gms, '')
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]*)\)/g)].map(([, link = '']) => link)
  expect(links.filter((link) => !leads(page, link))).toEqual([])
})

test('every example stands in their list', () => {
  const list = readFileSync(join(root, 'examples/README.md'), 'utf8')
  const programs = globSync('examples/*', { cwd: root }).map((path) => path.replace('examples/', ''))
  expect(programs.filter((name) => !list.includes(`](${name})`))).toEqual(['README.md'])
})

function leads(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? join(root, page) : join(root, dirname(page), path)
  if (!existsSync(file)) return false
  return anchor === undefined || anchors(file).includes(anchor)
}

/** Of headings, as GitHub makes them. */
function anchors(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}
