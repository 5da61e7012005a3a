import type { SqlTx } from '@/lib/db/client'
import type { FlowDocument } from '@/lib/flow/flow'
import { type Deployment, type Program, versionKey } from '@/lib/flow/program'
import { Settings } from '@/lib/flow/settings'
import { readFlow } from '@/lib/flow/upgrade'
import { log } from '@/lib/log'

/** Documents and programs kept in memory by one process; both are immutable, so nothing is ever stale. */
const KEPT = 2_000

interface Stored {
  settings: Settings
  deployments: Deployment[]
}

export interface ProgramStore {
  /** The program with the documents of its deployments and of `pinned`. `id: null` is an account nothing is published to. */
  load: (tx: SqlTx, id: string | null, pinned: Deployment[]) => Promise<Program>
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  if (map.size >= KEPT) map.delete(map.keys().next().value as string)
  map.set(key, value)
}

export function createProgramStore(): ProgramStore {
  const programs = new Map<string, Stored>()
  const documents = new Map<string, FlowDocument>()
  const whole = new Map<string, Program>()

  async function readProgram(tx: SqlTx, id: string): Promise<Stored> {
    const kept = programs.get(id)
    if (kept) return kept
    const [row] = await tx<
      { settings: unknown; deployments: Deployment[] }[]
    >`select settings, deployments from program where id = ${id}`
    if (!row) throw new Error(`Program ${id} does not exist.`)
    const stored = { settings: Settings.parse(row.settings), deployments: row.deployments }
    remember(programs, id, stored)
    return stored
  }

  async function readDocuments(tx: SqlTx, wanted: Deployment[]): Promise<void> {
    const missing = wanted.filter(({ flow, version }) => !documents.has(versionKey(flow, version)))
    if (missing.length === 0) return
    const rows = await tx<{ flow: string; version: number; document: unknown }[]>`
      select v.flow_id as flow, v.version, v.document from flow_version v
      join jsonb_to_recordset(${JSON.stringify(missing)}::text::jsonb) as w(flow text, version int)
        on w.flow = v.flow_id and w.version = v.version`
    for (const { flow, version, document } of rows) {
      const read = readFlow(document)
      if (read.ok) remember(documents, versionKey(flow, version), read.flow)
      else log.error('flow-version-unreadable', { flow, version, problem: read.problems[0]?.message })
    }
  }

  const documentsOf = (list: readonly Deployment[]) =>
    Object.fromEntries(
      list.flatMap(({ flow, version }) => {
        const document = documents.get(versionKey(flow, version))
        return document ? [[versionKey(flow, version), document]] : []
      }),
    )

  return {
    load: async (tx, id, pinned) => {
      const key = id ?? 'none'
      let base = whole.get(key)
      if (!base) {
        const { settings, deployments } =
          id === null ? { settings: Settings.parse({}), deployments: [] } : await readProgram(tx, id)
        await readDocuments(tx, deployments)
        base = { id: key, settings, deployments, flows: documentsOf(deployments) }
        remember(whole, key, base)
      }
      const extra = pinned.filter(({ flow, version }) => !base.flows[versionKey(flow, version)])
      if (extra.length === 0) return base
      await readDocuments(tx, extra)
      return { ...base, flows: { ...base.flows, ...documentsOf(extra) } }
    },
  }
}
