import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MOST_LINES = 400
/** Longer files, each with the reason why two would be worse. */
const reasons: Record<string, string> = {}

const root = fileURLToPath(new URL('../..', import.meta.url))
const folders = ['app', 'bench', 'components', 'e2e', 'lib', 'scripts'].filter((folder) => existsSync(join(root, folder)))
const lengths = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(tsx?|mjs|css|sql)$/.test(file))
    .map(
      (file) =>
        [`${folder}/${file.replaceAll('\\', '/')}`, readFileSync(join(root, folder, file), 'utf8').split('\n').length] as const,
    ),
)

test(`a file has at most ${MOST_LINES} lines, or a reason`, () => {
  expect(lengths.length).toBeGreaterThan(100)
  expect(lengths.filter(([file, lines]) => lines > MOST_LINES && !(file in reasons))).toEqual([])
})

test('every reason is still needed', () => {
  const long = new Set<string>(lengths.filter(([, lines]) => lines > MOST_LINES).map(([file]) => file))
  expect(Object.keys(reasons).filter((file) => !long.has(file))).toEqual([])
})
