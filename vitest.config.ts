import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: [{ find: /^leashllm$/, replacement: new URL('./src/index.ts', import.meta.url).pathname }, { find: /^leashllm\/(.*)$/, replacement: new URL('./src/$1/index.ts', import.meta.url).pathname }] },
  test: { include: ['tests/**/*.test.ts'], testTimeout: 20_000, reporters: ['default'] },
})
