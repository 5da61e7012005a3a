// Bundles the benchmarks, because Node runs TypeScript but does not know the alias `@/`, and builds Parley when it is stale.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build as bundle } from 'esbuild'
import { build, bundleOptions, isBuilt } from '../scripts/build.ts'

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '')
process.chdir(root)

const options = { ...bundleOptions(root), logLevel: 'warning' }
/** Each becomes a file of its own in `.build`. */
const entries = {
  bench: new URL('./run.ts', import.meta.url),
  'bench-load': new URL('./load-process.ts', import.meta.url),
  'bench-bare': new URL('./bare-process.ts', import.meta.url),
  'bench-graph': new URL('./graph-process.ts', import.meta.url),
  'bench-next': new URL('./next-process.ts', import.meta.url),
}
const bareRoute = new URL('./bare-route.ts', import.meta.url)

await bundle({
  ...options,
  entryPoints: Object.entries(entries).map(([out, url]) => ({ in: fileURLToPath(url), out })),
})

const { main } = await import(pathToFileURL(join(root, '.build', 'bench.mjs')).href)
await main(process.argv.slice(2), {
  root,
  /** Both are wanted by some benchmarks only, and take their time. */
  buildParley: async (say) => {
    if (!isBuilt(root)) await build(root, say)
  },
  bundleRoute: async (folder) => {
    const app = join(folder, 'app', 'hook')
    rmSync(app, { recursive: true, force: true })
    const entryPoints = [{ in: fileURLToPath(bareRoute), out: 'route' }]
    await bundle({ ...options, entryPoints, outdir: app, outExtension: {}, sourcemap: false })
  },
})
