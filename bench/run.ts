import { endToEnd } from './end-to-end'
import type { Bench } from './figure'
import { interpreter } from './interpreter'
import { webhook } from './webhook'

const benchmarks: Record<string, (bench: Bench) => Promise<void>> = { interpreter, webhook, 'end-to-end': endToEnd }

const USAGE = `npm run bench -- ${Object.keys(benchmarks).join('|')} [--quick]`

/** Figures go to stdout, one JSON object a line; everything else to stderr. A broken promise ends with exit code 1. */
export async function main(args: string[], tools: Pick<Bench, 'root' | 'buildParley' | 'bundleRoute'>): Promise<void> {
  const names = args.filter((arg) => !arg.startsWith('--'))
  const flags = args.filter((arg) => arg.startsWith('--'))
  const run = names.length === 1 ? benchmarks[names[0] as string] : undefined
  if (!run || flags.some((flag) => flag !== '--quick')) {
    console.error(`Usage: ${USAGE}`)
    process.exitCode = 2
    return
  }
  const started = performance.now()
  const say = (line: string) => console.error(`  ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${line}`)
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (let next = closers.pop(); next; next = closers.pop()) await next().catch((error: unknown) => say(`closing: ${error}`))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close().then(() => process.exit(130)))

  try {
    await run({
      ...tools,
      isQuick: flags.length > 0,
      print: (figure) => console.log(JSON.stringify(figure)),
      say,
      atEnd: (closer) => closers.push(closer),
    })
    say('done')
  } catch (error) {
    say(`broken: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  } finally {
    await close()
  }
}
