import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Package {
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  allowScripts?: Record<string, boolean>
}
interface Lock {
  packages: Record<string, Package & { version?: string; hasInstallScript?: boolean }>
}
interface Lowest {
  lowest: Record<string, { version: string; why: string }>
  exceptions: Record<string, string>
}

const read = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as T
const project = read<Package>('../../package.json')
const lock = read<Lock>('../../package-lock.json')
const { lowest, exceptions } = read<Lowest>('./lowest-versions.json')

const wanted = { ...project.dependencies, ...project.devDependencies, ...project.optionalDependencies }
const copies = Object.entries(lock.packages)
  .filter(([path]) => path.includes('node_modules/'))
  .map(([path, found]) => ({ path, name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), ...found }))

/** Where Node finds `name` from a package at `path`: beside it, or beside one that holds it. */
function locked(path: string, name: string): boolean {
  const inside = `${path}/node_modules/${name}`
  const up = path.lastIndexOf('/node_modules/')
  return inside in lock.packages || (up < 0 ? `node_modules/${name}` in lock.packages : locked(path.slice(0, up), name))
}

/** Packages whose install script must run, each with the reason. None so far: binaries come as packages of their own. */
const scriptsThatMustRun: Record<string, string> = {}

const isBelow = (version: string, floor: string): boolean => {
  const numbers = (text: string) => (text.split(/[-+]/)[0] ?? '').split('.').map(Number)
  const [a, b] = [numbers(version), numbers(floor)]
  const index = [0, 1, 2].find((at) => a[at] !== b[at])
  // A pre-release comes before its release.
  return index === undefined ? version.includes('-') && !floor.includes('-') : (a[index] ?? 0) < (b[index] ?? 0)
}

test('versions are compared as numbers', () => {
  expect(isBelow('0.9.0', '0.10.0')).toBe(true)
  expect(isBelow('1.0.0-beta.2', '1.0.0')).toBe(true)
  expect(isBelow('1.0.0', '1.0.0')).toBe(false)
  expect(isBelow('2.0.0-beta.1', '1.9.9')).toBe(false)
})

test.each(Object.entries(wanted))('%s is wanted at an exact version, and locked at it', (name, version) => {
  expect(version).toMatch(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/)
  expect(lock.packages['']).toMatchObject({ [sectionOf(name)]: { [name]: version } })
  expect(lock.packages[`node_modules/${name}`]?.version).toBe(version)
})

function sectionOf(name: string): string {
  return (['dependencies', 'devDependencies', 'optionalDependencies'] as const).find((section) => project[section]?.[name]) ?? ''
}

test('the lock names the packages of every platform: npm ci refuses one that does not, on all of them', () => {
  const missing = copies.flatMap((copy) =>
    Object.keys(copy.optionalDependencies ?? {})
      .filter((name) => !locked(copy.path, name))
      .map((name) => `${name}, wanted by ${copy.name}`),
  )
  expect(missing).toEqual([])
})

test('every install script of the tree was looked at: none runs unless it must', () => {
  const names = new Set(copies.filter((copy) => copy.hasInstallScript).map((copy) => copy.name))
  const answers = Object.fromEntries([...names].sort().map((name) => [name, name in scriptsThatMustRun]))
  expect(project.allowScripts).toEqual(answers)
})

test.each(Object.entries(lowest))('no copy of %s has a known hole', (name, { version, why }) => {
  const found = copies.filter((copy) => copy.name === name)
  expect(found, `${name} is not in the tree any more: take it off the list`).not.toEqual([])
  const low = found.filter((copy) => isBelow(copy.version ?? '', version) && !(copy.path in exceptions))
  expect(low.map((copy) => `${copy.path} ${copy.version} is below ${version}: ${why}`)).toEqual([])
})

test.each(Object.keys(exceptions))('the exception %s is still needed', (path) => {
  const copy = copies.find((candidate) => candidate.path === path)
  expect(copy && isBelow(copy.version ?? '', lowest[copy.name]?.version ?? '0.0.0')).toBe(true)
})
