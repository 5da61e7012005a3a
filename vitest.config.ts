import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url)).replace(/[/\\]$/, '')
const databaseTests = '**/*.db.test.ts'

export default defineConfig({
  resolve: { alias: { '@': root } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{app,bench,components,lib,scripts}/**/*.test.{ts,tsx}'],
          exclude: [databaseTests],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'db',
          include: [`{app,bench,lib,scripts}/${databaseTests}`],
          globalSetup: './scripts/check/test-database.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'thread',
          include: ['e2e/**/*.test.ts'],
          globalSetup: './scripts/check/test-database.ts',
          // Each file starts a whole Parley: one at a time, or two cores are not enough for the clocks to be fair.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
