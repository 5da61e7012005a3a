import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What a build is made from. Tests and papers are not part of it. */
const FOLDERS = ['app', 'components', 'lib', 'scripts', 'drizzle/meta', 'patches', 'public']
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'next.config.js', 'postcss.config.mjs']
const IGNORED = /\.test\.tsx?$|\.md$|^\./

function* filesUnder(root: string, path: string): Generator<string> {
  for (const entry of readdirSync(join(root, path), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (IGNORED.test(entry.name)) continue
    const inner = `${path}/${entry.name}`
    if (entry.isDirectory()) yield* filesUnder(root, inner)
    else yield inner
  }
}

/** Changes with any byte that a build depends on, and with the version of Node it is made by. */
export function hashSources(root: string): string {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0] ?? '')
  const folders = FOLDERS.filter((folder) => existsSync(join(root, folder)) && statSync(join(root, folder)).isDirectory())
  const files = [
    ...FILES.filter((file) => existsSync(join(root, file))),
    ...folders.flatMap((folder) => [...filesUnder(root, folder)]),
  ]
  for (const file of files) {
    const bytes = readFileSync(join(root, file))
    hash.update(`${file}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}
