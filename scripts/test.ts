/**
 * `npm test`: everything that can be checked, in one command. `npm run check` (`--check`): the part that needs neither a
 * database nor a build. Each step's output is shown whole when it fails. The last line counts test cases.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countTests } from './check/count-tests.ts'

interface Step {
  name: string
  command: string[]
  /** Where vitest writes its JSON report; absent: not a test run. */
  report?: string
  /** Not run when this step failed. */
  needs?: string
}

interface Result {
  step: Step
  verdict: 'passed' | 'failed' | 'skipped'
  seconds: number
  output: string
  passed: number
  failed: number
}

const STEP_LIMIT_MS = 30 * 60_000
const HEARTBEAT_MS = 15_000
/** Types and lint need a core each; more at a time only slows all down. */
const AT_A_TIME = 2

const root = fileURLToPath(new URL('..', import.meta.url))
const reports = mkdtempSync(join(realpathSync(tmpdir()), 'parley-test-'))
const isWindows = process.platform === 'win32'
const running = new Set<ChildProcess>()
const startedAt = performance.now()

const npm = (script: string): string[] => ['npm', 'run', '--silent', script]
const script = (name: string, extra: Partial<Step> = {}): Step => ({ name, command: npm(name), ...extra })
const tests = (project: string, extra: Partial<Step> = {}): Step => {
  const report = join(reports, `${project}.json`)
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return {
    name: `${project} tests`,
    command: [process.execPath, vitest, 'run', '--project', project, ...reporters],
    report,
    ...extra,
  }
}

const light = [script('types'), tests('unit'), script('lint'), script('imports'), script('dead-code')]
const heavy = [tests('db'), script('build'), tests('thread', { needs: 'build' })]

const say = (line: string) => process.stdout.write(`${line}\n`)
const secondsSince = (from: number) => (performance.now() - from) / 1000

function stop(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (isWindows || !child.pid) child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // It has just ended by itself.
  }
}

function run(step: Step): Promise<Result> {
  const began = performance.now()
  const [file = '', ...args] = step.command
  say(`· ${step.name}`)
  return new Promise((resolve) => {
    // A group of its own, so that what a step starts can be stopped with it.
    const child = spawn(file, args, {
      cwd: root,
      detached: !isWindows,
      shell: isWindows && file === 'npm',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    })
    running.add(child)
    let output = ''
    const heartbeat = setInterval(() => say(`… ${step.name}, ${Math.round(secondsSince(began))} s`), HEARTBEAT_MS)
    const limit = setTimeout(() => {
      output += `\n${step.name} took longer than ${STEP_LIMIT_MS / 60_000} minutes and was stopped.\n`
      stop(child, 'SIGKILL')
    }, STEP_LIMIT_MS)
    const hear = (bytes: Buffer) => {
      const text = bytes.toString('utf8')
      output += text
      // Files that are done, and what a test wants read even when all is well: its lines that begin with "# ".
      if (step.report) for (const line of text.split('\n')) if (/^(# | *[✓❯×] .*\.test\.tsx?)/.test(line)) say(`  ${line.trim()}`)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    const end = (code: number | null, why = '') => {
      clearInterval(heartbeat)
      clearTimeout(limit)
      running.delete(child)
      resolve(judge(step, code === 0, secondsSince(began), output + why))
    }
    child.once('error', (error) => end(1, `${error.message}\n`))
    child.once('close', (code) => end(code))
  })
}

function judge(step: Step, hasSucceeded: boolean, seconds: number, output: string): Result {
  const count =
    step.report && existsSync(step.report) ? countTests(JSON.parse(readFileSync(step.report, 'utf8'))) : { passed: 0, failed: 0 }
  const verdict = hasSucceeded && count.failed === 0 && (!step.report || count.passed > 0) ? 'passed' : 'failed'
  // A step that fails with no test case to blame counts as one failure, so that the last line never reads like success.
  const failed = verdict === 'failed' ? Math.max(1, count.failed) : 0
  const cases = step.report ? `, ${count.passed} passed, ${count.failed} failed` : ''
  say(`${verdict === 'passed' ? '✓' : '✗'} ${step.name}, ${seconds.toFixed(1)} s${cases}`)
  if (verdict === 'failed') say(`\n${output.trimEnd()}\n`)
  return { step, verdict, seconds, output, passed: count.passed, failed }
}

async function runAll(steps: Step[], atATime: number): Promise<Result[]> {
  const results: Result[] = []
  const waiting = [...steps]
  const work = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const { needs } = step
      if (needs && results.some((result) => result.step.name === needs && result.verdict !== 'passed')) {
        say(`✗ ${step.name}, not run: ${needs} failed`)
        results.push({ step, verdict: 'skipped', seconds: 0, output: '', passed: 0, failed: 1 })
      } else {
        results.push(await run(step))
      }
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
  return results
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const child of running) stop(child, signal)
    process.exitCode = 1
  })
}

const isCheckOnly = process.argv.includes('--check')
const results = await runAll(light, AT_A_TIME)
if (!isCheckOnly && process.exitCode !== 1) results.push(...(await runAll(heavy, 1)))
rmSync(reports, { recursive: true, force: true })

const sum = (pick: (result: Result) => number) => results.reduce((total, result) => total + pick(result), 0)
const [passed, failed] = [sum((result) => result.passed), sum((result) => result.failed)]
say('')
for (const { step, verdict, seconds } of results)
  say(`${verdict.padEnd(8)}${step.name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s`)
say(`${secondsSince(startedAt).toFixed(1)} s in all`)
if (passed === 0 || failed > 0) process.exitCode = 1
say(`${passed} passed, ${failed} failed`)
