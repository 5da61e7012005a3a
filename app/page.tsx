import { Fragment, type ReactNode } from 'react'
import { QuietPage } from '@/components/shell/quiet-page'
import { type Part, readiness } from '@/lib/db/readiness'

// What is shown is how things are now, not when this was built.
export const dynamic = 'force-dynamic'

interface PartText {
  part: Part
  name: string
  does: string
  /** When it is there. */
  fine: string
}

const parts: PartText[] = [
  { part: 'database', name: 'Database', does: 'Keeps everything: flows, conversations, messages to send.', fine: 'Answers' },
  { part: 'migrations', name: 'Migrations', does: 'The tables are those of this version.', fine: 'Applied' },
  { part: 'worker', name: 'Worker', does: 'Runs the flows and sends their messages.', fine: 'Running' },
]

/** The sandbox is another process: whether it runs is asked, not assumed. */
async function isAnswering(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { cache: 'no-store', signal: AbortSignal.timeout(500) })).ok
  } catch {
    return false
  }
}

export default async function Home() {
  const { ready, missing } = await readiness()
  const sandboxUrl = process.env.SANDBOX === 'on' ? process.env.SANDBOX_URL : undefined
  // The first part that is missing hides whether the later ones are there.
  const firstMissing = parts.findIndex(({ part }) => missing.some((one) => one.part === part))

  return (
    <QuietPage title={ready ? 'Parley is ready' : 'Parley is not ready yet'}>
      <p className="mt-3 max-w-prose text-pretty text-ink-soft">
        It answers Instagram direct messages with flows that you draw, and hands a conversation to a person when one is needed.
        This is what runs on this machine.
      </p>

      <ul className="mt-8 divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface" aria-label="Parts">
        {parts.map(({ part, name, does, fine }, index) => {
          const why = missing.find((one) => one.part === part)?.why
          const state = why ? 'missing' : firstMissing >= 0 && index > firstMissing ? 'unknown' : 'there'
          return (
            <PartRow key={part} name={name} state={state} fine={fine}>
              {why ?? does}
            </PartRow>
          )
        })}
        {sandboxUrl && (
          <PartRow name="Sandbox" state={(await isAnswering(sandboxUrl)) ? 'there' : 'missing'} fine="Running">
            A local Instagram to try flows on, at{' '}
            <a className="whitespace-nowrap text-accent underline-offset-4 hover:underline" href={sandboxUrl}>
              {sandboxUrl.replace(/^https?:\/\//, '')}
            </a>
            .
          </PartRow>
        )}
      </ul>

      <h2 className="mt-12 font-semibold text-[17px] tracking-[-0.01em]">Next</h2>
      <ol className="mt-4 space-y-6">
        <Step number={1} title="Make a user and an API key">
          <Command>npm run parley -- user create --email you@example.com --name You --workspace "My shop"</Command>
          <Command>npm run parley -- api-key create --workspace "My shop" --name first</Command>
          <p className="mt-2 text-ink-soft text-sm">
            Run both in Parley’s folder, with words of your own. The first asks for a password; the key is shown once.
          </p>
        </Step>
        <Step number={2} title="Use the API">
          <p className="text-ink-soft">
            Connect an account, publish a flow and read its conversations. Everything is described at{' '}
            <a className="text-accent underline-offset-4 hover:underline" href="/api/v1/openapi.json">
              /api/v1/openapi.json
            </a>
            .
          </p>
        </Step>
      </ol>
    </QuietPage>
  )
}

type State = 'there' | 'missing' | 'unknown'

function PartRow({ name, state, fine, children }: { name: string; state: State; fine: string; children: ReactNode }) {
  const words = { there: fine, missing: 'Not there', unknown: 'Not known yet' }[state]
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <Dot state={state} />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline justify-between gap-3">
          <span className="font-medium">{name}</span>
          <span className={`shrink-0 text-sm ${state === 'missing' ? 'text-bad' : 'text-ink-soft'}`}>{words}</span>
        </p>
        <p className="text-ink-soft text-sm">{children}</p>
      </div>
    </li>
  )
}

const dotColours: Record<State, string> = { there: 'bg-good', missing: 'bg-bad', unknown: 'bg-line' }

/** Beside words that say the same. */
function Dot({ state }: { state: State }) {
  return <span aria-hidden="true" className={`mt-2 size-2 shrink-0 rounded-full ${dotColours[state]}`} />
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className="flex gap-4">
      <span
        aria-hidden="true"
        className="mt-0.5 grid size-5 shrink-0 place-items-center rounded-full border border-line text-[11px] text-ink-soft tabular-nums"
      >
        {number}
      </span>
      <div className="min-w-0 flex-1">
        <h3 className="font-medium">{title}</h3>
        <div className="mt-2">{children}</div>
      </div>
    </li>
  )
}

/** Breaks between options only: inside one, a line would end with its two hyphens. */
function Command({ children }: { children: string }) {
  return (
    <pre className="mt-2 whitespace-pre-wrap break-words rounded-md border border-line bg-surface px-3 py-2 font-mono text-[13px] leading-5 first:mt-0">
      <code>
        {children.split(/ (?=--\w)/).map((part, index) => (
          <Fragment key={part}>
            {index > 0 && ' '}
            <span className="whitespace-nowrap">{part}</span>
          </Fragment>
        ))}
      </code>
    </pre>
  )
}
