import { expect, inject, test } from 'vitest'

const { files } = inject('packed')

test('the dashboard is in the package, as a page, a script and a style', () => {
  const parts = files.filter(({ path }) => path.startsWith('dist/relay/dashboard/'))
  expect(parts.map(({ path }) => path.slice('dist/relay/dashboard/'.length)).sort()).toEqual([
    'dashboard.css',
    'dashboard.js',
    'index.html',
  ])
  for (const { size } of parts) expect(size).toBeGreaterThan(500)
})
