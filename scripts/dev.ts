import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { context } from 'esbuild'
import { bundleOptions } from './build.ts'

/** Apart from the production bundles, so that `npm start` finds those as it left them. */
export const developmentBundleOf = (root: string, name: string): string => join(root, '.build', 'dev', `${name}.mjs`)

interface Watch {
  say: (line: string) => void
  /** A process' code is another one now. Not called for the first bundle. */
  onChange: (name: string) => void
}

/** Next reloads what it serves by itself; a change of the small server in front of it needs a new start. */
const RESTARTED = new Set(['worker', 'sandbox'])

/** Bundles every process and watches its sources from then on. Resolves when all are there. */
export async function bundleForDevelopment(root: string, { say, onChange }: Watch): Promise<void> {
  const options = bundleOptions(root)
  const entries = options.entryPoints as { in: string; out: string }[]
  await Promise.all(
    entries.map(async ({ in: source, out: name }) => {
      const target = developmentBundleOf(root, name)
      let last = ''
      let isFirst = true
      const watched = await context({
        ...options,
        entryPoints: [{ in: source, out: name }],
        outdir: dirname(target),
        sourcemap: 'inline',
        write: false,
        plugins: [
          {
            name: 'restart',
            setup: (setup) =>
              setup.onEnd(({ errors, outputFiles }) => {
                for (const { text, location } of errors)
                  say(`${name}: ${text}${location ? ` (${location.file}:${location.line})` : ''}`)
                const bytes = outputFiles?.[0]?.contents
                if (errors.length > 0 || !bytes) return
                const hash = createHash('sha256').update(bytes).digest('hex')
                if (hash === last) return
                last = hash
                mkdirSync(dirname(target), { recursive: true })
                writeFileSync(target, bytes)
                if (!isFirst && RESTARTED.has(name)) onChange(name)
              }),
          },
        ],
      })
      await watched.rebuild()
      isFirst = false
      await watched.watch()
    }),
  )
}
