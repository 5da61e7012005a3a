import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, stop } from 'esbuild'
import { bundleOf, bundleOptions, isBuilt } from './build.ts'

/*
 * `npm run parley`: runs the bundled command, and bundles it first when the build is missing or stale. The screens, which
 * take long, are not needed for it.
 */
const root = process.cwd()
const file = bundleOf(root, 'parley')
if (!isBuilt(root) || !existsSync(file)) {
  const entry = { in: join(root, 'scripts', 'parley.ts'), out: 'parley' }
  const { outputFiles } = await build({ ...bundleOptions(root), entryPoints: [entry], sourcemap: false, write: false })
  await stop()
  mkdirSync(join(root, '.build'), { recursive: true })
  // Whole or not at all: another command may read it meanwhile.
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, outputFiles[0]?.contents ?? '')
  renameSync(unfinished, file)
}
await import(pathToFileURL(file).href)
