import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { importRules } from './import-table.ts'

const FOLDERS = ['app', 'bench', 'components', 'e2e', 'lib', 'scripts']
const SOURCE = /\.tsx?$/

export interface ImportReport {
  /** One sentence each: `from → to: why (rule)`. */
  violations: string[]
  /** How many files were read and how many imports were found in them. */
  files: number
  imports: number
}

/**
 * Holds the tree under `root` against the import table.
 * @throws Error when the tool did not see the tree: a file left out, or imports in a text of which it found none. With a
 *   TypeScript it does not know it sees nothing at all and reports success.
 */
export async function checkImports(root: string): Promise<ImportReport> {
  const folders = FOLDERS.filter((name) => existsSync(join(root, name)))
  const { output } = await cruise(
    folders,
    {
      baseDir: root,
      ruleSet: { forbidden: importRules },
      validate: true,
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      outputType: 'json',
    },
    {
      alias: { '@': root },
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.css', '.d.ts'],
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  )
  const result = (typeof output === 'string' ? JSON.parse(output) : output) as ICruiseResult
  const seen = new Map(result.modules.map((module) => [module.source, module.dependencies.length]))

  const files = folders.flatMap((name) =>
    readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => SOURCE.test(file))
      .map((file) => `${name}/${file.replaceAll('\\', '/')}`),
  )
  const blind = files.filter((file) => {
    const found = seen.get(file)
    return found === undefined || (found === 0 && /^import .*from /m.test(readFileSync(join(root, file), 'utf8')))
  })
  if (files.length === 0 || blind.length > 0) {
    throw new Error(
      `The imports of ${blind.length || 'all'} files were not seen, so nothing was checked: ${blind.slice(0, 5).join(', ')}`,
    )
  }

  const whyOf = new Map(importRules.map((rule) => [rule.name, rule.comment]))
  return {
    violations: result.summary.violations.map(({ from, to, rule, cycle, via }) => {
      const through = (cycle ?? via ?? []).map((step) => step.name).join(' → ')
      return `${from} → ${through || to}: ${whyOf.get(rule.name)} (${rule.name})`
    }),
    files: files.length,
    imports: files.reduce((sum, file) => sum + (seen.get(file) ?? 0), 0),
  }
}

if (import.meta.main) {
  const { violations, files, imports } = await checkImports(fileURLToPath(new URL('../..', import.meta.url)))
  for (const violation of violations) console.error(violation)
  console.error(`${imports} imports of ${files} files, ${violations.length} violations`)
  process.exitCode = violations.length > 0 ? 1 : 0
}
