import type { IReachabilityForbiddenRuleType, IRegularForbiddenRuleType } from 'dependency-cruiser'

type Rule = IRegularForbiddenRuleType

/** What one room of the house may import besides itself, lib/errors, lib/env and lib/log. */
interface Room {
  /** Paths of our own. A `type:` in front: only types, which are gone when the program runs. */
  ours: string[]
  /** Packages, by name; `node`: Node's own modules; absent: any. */
  packages?: string[]
  /** Packages that are refused although `packages` is absent. */
  notPackages?: string[]
  /** Files of the room with rules of their own. */
  except?: string
}

const SQL = ['drizzle-orm', 'drizzle-kit', 'postgres', 'pg']
/** Pure libraries of the language: no clock, no chance, no I/O. */
const PURE = ['zod', 'liquidjs', 're2js', 'libphonenumber-js']

/** Who may import whom. The rows of docs/architecture.md; `imports.test.ts` watches the rules refuse what they must. */
export const rooms: Record<string, Room> = {
  'lib/flow': { ours: [], packages: PURE, except: String.raw`/editor\.tsx$` },
  'lib/flow/nodes/[^/]+/editor\\.tsx': {
    ours: ['lib/flow', 'components/ui', 'type:components/builder'],
    packages: [...PURE, 'react'],
  },
  'lib/db': { ours: ['type:lib/flow'], packages: ['drizzle-orm', 'postgres', 'zod', 'node'] },
  'lib/instagram': { ours: ['lib/flow'], packages: ['zod', 'node'] },
  'lib/accounts': { ours: ['lib/db', 'lib/instagram', 'type:lib/flow'], notPackages: ['next'] },
  'lib/studio': { ours: ['lib/flow', 'lib/db', 'lib/accounts'], notPackages: ['next', 'react', 'react-dom'] },
  'lib/inbox': { ours: ['lib/flow', 'lib/db', 'lib/accounts'], notPackages: ['next', 'react', 'react-dom'] },
  'lib/runtime': {
    ours: ['lib/flow', 'lib/db', 'lib/instagram', 'lib/accounts', 'lib/inbox'],
    packages: ['zod', 'drizzle-orm', 'postgres', 'node'],
  },
  'lib/sandbox': { ours: ['type:lib/flow'], packages: ['zod', 'postgres', 'hono', '@hono/zod-openapi', 'node'] },
  'lib/api': {
    ours: ['lib/studio', 'lib/inbox', 'lib/accounts', 'lib/runtime', 'lib/flow', 'type:lib/db'],
    notPackages: [...SQL, 'react', 'react-dom'],
  },
  'lib/queries': { ours: ['lib/flow', 'type:lib/api'], notPackages: [...SQL, 'node', 'next'] },
  'components/ui': { ours: [], notPackages: [...SQL, 'node'] },
  'components/(?!ui/)': { ours: ['components', 'lib/flow', 'lib/queries', 'type:lib/api'], notPackages: [...SQL, 'node'] },
  app: { ours: ['components', 'lib/(?!db/|sandbox/)', String.raw`lib/db/readiness\.ts$`, 'type:lib/db'], notPackages: SQL },
  scripts: { ours: ['lib/(?!sandbox/(?!main))'], notPackages: ['next/(?!dist)', 'react', 'react-dom'] },
  bench: { ours: ['lib', 'scripts', 'e2e'] },
  e2e: { ours: ['lib/flow', 'lib/db', 'lib/accounts', 'type:lib/api', 'scripts', 'bench'] },
}

const LOOSE = String.raw`lib/(errors|env|log)\.ts$`
const OURS = '^(app|bench|components|e2e|lib|scripts)/'
/** Tests, and what only they use. */
const TEST_FILE = String.raw`(\.test\.tsx?|/testing\.ts)$`
/** What tests may use on top of what the code beside them may. */
const TEST_TOOLS = {
  ours: [String.raw`^lib/[^/]+/testing\.ts$`],
  packages: ['vitest', 'fast-check', 'node', 'postgres', 'drizzle-orm'],
}

const folder = (path: string): string => (/[$\\)]/.test(path) ? `^${path}` : `^${path}/`)
const packagePath = (name: string): string => `(^|/)node_modules/${name}/`
const namesOf = (packages: string[]): string[] => packages.filter((name) => name !== 'node').map(packagePath)

function rulesOf([path, room]: [string, Room]): Rule[] {
  const inside = folder(path)
  const values = room.ours.filter((one) => !one.startsWith('type:')).map(folder)
  const types = room.ours.filter((one) => one.startsWith('type:')).map((one) => folder(one.slice('type:'.length)))
  const code = { path: inside, pathNot: [TEST_FILE, ...(room.except ? [room.except] : [])] }
  const test = { path: `${inside}.*${TEST_FILE}` }
  const own = path === 'components/(?!ui/)' ? [] : [inside]

  const rules: Rule[] = []
  const add = (what: string, from: Rule['from'], to: Rule['to'], comment: string) =>
    rules.push({ name: `${path}: ${what}`, severity: 'error', comment, from, to })

  for (const [who, from, more] of [
    ['', code, []],
    [' in tests', test, [...TEST_TOOLS.ours, '^scripts/check/']],
  ] as const) {
    const list = room.ours.join(', ') || 'nothing of ours'
    const allowed = [...own, ...values, ...more, `^${LOOSE}`]
    add(`ours${who}`, from, { path: OURS, pathNot: [...allowed, ...types] }, `may import ${list}`)
    if (types.length > 0 && who === '') {
      add('types only', from, { path: types, pathNot: allowed, dependencyTypesNot: ['type-only'] }, 'may import types only')
    }
  }
  if (room.packages) {
    const allowed = namesOf(room.packages)
    add('packages', code, { path: '(^|/)node_modules/', pathNot: allowed }, `may use ${room.packages.join(', ')}`)
    if (!room.packages.includes('node')) add('node', code, { dependencyTypes: ['core'] }, 'is pure: nothing of Node')
    const tools = [...allowed, ...namesOf(TEST_TOOLS.packages)]
    add('packages in tests', test, { path: '(^|/)node_modules/', pathNot: tools }, 'tests may use vitest and fast-check besides')
  }
  if (room.notPackages) {
    add('refused packages', code, { path: namesOf(room.notPackages) }, `must not use ${room.notPackages.join(', ')}`)
    if (room.notPackages.includes('node')) add('node', code, { dependencyTypes: ['core'] }, 'runs in the browser')
  }
  return rules
}

export const importRules: (Rule | IReachabilityForbiddenRuleType)[] = [
  ...Object.entries(rooms).flatMap(rulesOf),
  {
    name: 'no cycles',
    severity: 'error',
    comment: 'files that import each other, types included, are one file in several pieces',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no screens in the engine',
    severity: 'error',
    comment: 'nothing reachable from lib/runtime is React or .tsx: the worker is plain Node',
    from: { path: '^lib/runtime/', pathNot: TEST_FILE },
    to: { path: [String.raw`\.tsx$`, '(^|/)node_modules/(react|react-dom|next|server-only)/'], reachable: true },
  },
  {
    name: 'a kind stands alone',
    severity: 'error',
    comment: 'a node kind imports the contract; never another kind, the registry, the document, the interpreter or the checker',
    from: { path: '^lib/flow/nodes/([^/]+)/', pathNot: TEST_FILE },
    to: {
      path: ['^lib/flow/nodes/', '^lib/flow/(flow|step|check|program|triggers|upgrade)[./]'],
      pathNot: '^lib/flow/nodes/$1/',
    },
  },
  {
    name: 'lane events have three writers',
    severity: 'error',
    comment: 'lib/db/lane-events is used by inbox, studio and runtime only',
    from: { path: OURS, pathNot: ['^lib/(inbox|studio|runtime)/', TEST_FILE] },
    to: { path: String.raw`^lib/db/lane-events\.ts$`, dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'processes are started by scripts',
    severity: 'error',
    comment: 'a main.ts is the work of a whole process, which scripts and tests start',
    from: { path: OURS, pathNot: ['^(scripts|bench|e2e)/', TEST_FILE] },
    to: { path: String.raw`^lib/(runtime|sandbox)/main\.ts$` },
  },
  {
    name: 'test code stays in tests',
    severity: 'error',
    comment: 'test files, testing.ts and test tools are for tests',
    from: { path: '^(app|components|lib)/', pathNot: TEST_FILE },
    to: { path: [TEST_FILE, packagePath('(vitest|fast-check)')] },
  },
  {
    name: 'everything is found',
    severity: 'error',
    comment: 'an import that leads nowhere is one whose rule nobody checked',
    from: { path: OURS },
    to: { couldNotResolve: true },
  },
]
