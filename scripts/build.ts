import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BuildOptions, build as esbuild, stop as stopEsbuild } from 'esbuild'
import { patiently } from './progress.ts'
import { hashSources } from './sources.ts'

type Say = (line: string) => void

const ENTRIES = ['web', 'worker', 'sandbox', 'parley', 'migrate']
/** Of the build's last words, when it fails. */
const KEPT_BYTES = 20_000

const stampOf = (root: string): string => join(root, '.build', 'stamp')
export const bundleOf = (root: string, name: string): string => join(root, '.build', `${name}.mjs`)

/** One file a process, with everything of ours in it and packages left where npm put them. */
export function bundleOptions(root: string): BuildOptions {
  const entries = ENTRIES.filter((name) => existsSync(join(root, 'scripts', `${name}.ts`)))
  return {
    absWorkingDir: root,
    entryPoints: entries.map((name) => ({ in: join(root, 'scripts', `${name}.ts`), out: name })),
    outdir: join(root, '.build'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    alias: { '@': root },
    format: 'esm',
    platform: 'node',
    target: 'node22',
    sourcemap: true,
    logLevel: 'silent',
  }
}

export async function bundle(root: string): Promise<void> {
  await esbuild(bundleOptions(root))
}

/** Whether `.next` and `.build` were made, completely, from the sources as they are now. */
export function isBuilt(root: string): boolean {
  const stamp = stampOf(root)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashSources(root)
}

/** @throws Error with what the compiler said. The stamp is written last: a build that was killed is made again. */
export async function build(root: string, say: Say): Promise<void> {
  const hash = hashSources(root)
  mkdirSync(join(root, '.build'), { recursive: true })
  rmSync(stampOf(root), { force: true })
  say('building the processes')
  await bundle(root)
  await stopEsbuild()
  say('building the screens (only the first time and after changes)')
  await patiently(say, 'building the screens', nextBuild(root))
  writeFileSync(stampOf(root), hash)
}

/** `next build`, which ends when we do: left behind by a killed launcher it would hold Next's own lock on the folder. */
async function nextBuild(root: string): Promise<void> {
  const cli = createRequire(pathToFileURL(join(root, 'package.json'))).resolve('next/dist/bin/next')
  const endWithParent = new URL('./end-with-parent.mjs', import.meta.url).href
  const child = spawn(process.execPath, ['--import', endWithParent, cli, 'build'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', PARLEY_PARENT: String(process.pid) },
  })
  let said = ''
  const keep = (part: Buffer) => {
    said = (said + part.toString()).slice(-KEPT_BYTES)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const isComplete = code === 0 && existsSync(join(root, '.next', 'BUILD_ID'))
  if (!isComplete) throw new Error(`The screens could not be built:\n${said.trim()}`)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const from = Date.now()
  try {
    await build(process.cwd(), (line) => console.log(`  ${line}`))
    console.log(`  built in ${((Date.now() - from) / 1000).toFixed(1)} s`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
