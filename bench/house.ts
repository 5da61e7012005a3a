import { randomBytes } from 'node:crypto'
import { seal } from '@/lib/accounts/seal'
import { type Database, openDatabase } from '@/lib/db/client'
import { migrate } from '@/lib/db/migrate'
import { connection } from '@/lib/db/schema/account'
import type { FlowDocument } from '@/lib/flow/flow'
import { Settings } from '@/lib/flow/settings'
import type { DatabaseServer } from './database'
import type { Bench } from './figure'

/** One connected account in a migrated database, and the settings with which the product's processes run on it. */
export interface House {
  database: Database
  account: string
  appSecret: string
  /** Of a process of the production build; PORT is the caller's. */
  env: Record<string, string>
}

const ACCOUNT = '17841400000000011'
const CONNECTION = '00000000-0000-4000-8000-000000000001'
const FLOW = 'flow-bench'

/** `flow`: what is published to the account; without one it answers nothing. */
export async function furnish(
  bench: Bench,
  server: DatabaseServer,
  { graphUrl, flow }: { graphUrl: string; flow?: FlowDocument },
): Promise<House> {
  const url = await server.create('parley')
  await migrate(url, 'drizzle')
  const database = openDatabase(url, { max: 2, name: 'parley bench' })
  bench.atEnd(database.close)
  const { sql, db } = database
  const key = randomBytes(32)
  const appSecret = randomBytes(16).toString('hex')

  const [workspace] = await sql<{ id: string }[]>`insert into workspace (name) values ('Bench') returning id`
  const workspaceId = workspace?.id as string
  await sql`insert into account (id, workspace_id, username) values (${ACCOUNT}, ${workspaceId}, 'bench')`
  const token = seal('token', { table: 'connection', column: 'token', rowId: CONNECTION }, [key])
  await db.insert(connection).values({
    id: CONNECTION,
    workspaceId,
    accountId: ACCOUNT,
    route: 'instagram',
    nodeId: ACCOUNT,
    graphUrl,
    graphVersion: 'v26.0',
    token,
  })
  if (flow) {
    const document = JSON.stringify(flow)
    const rules = JSON.stringify(Settings.parse({ disclosure: null }))
    const deployments = JSON.stringify([{ flow: FLOW, version: 1 }])
    await sql`insert into flow (id, workspace_id, name, draft) values (${FLOW}, ${workspaceId}, ${flow.name}, ${document}::text::jsonb)`
    await sql`
      insert into flow_version (flow_id, version, workspace_id, document, published_by)
      values (${FLOW}, 1, ${workspaceId}, ${document}::text::jsonb, 'bench')`
    await sql`
      insert into program (account_id, id, workspace_id, settings, deployments)
      values (${ACCOUNT}, 'program-bench', ${workspaceId}, ${rules}::text::jsonb, ${deployments}::text::jsonb)`
    await sql`insert into deployment (account_id, flow_id, workspace_id, version, position) values (${ACCOUNT}, ${FLOW}, ${workspaceId}, 1, 0)`
    await sql`update account set program_id = 'program-bench' where id = ${ACCOUNT}`
  }
  return {
    database,
    account: ACCOUNT,
    appSecret,
    env: {
      DATABASE_URL: url,
      HOST: '127.0.0.1',
      APP_URL: 'http://127.0.0.1',
      INSTAGRAM_APP_SECRET: appSecret,
      ENCRYPTION_KEYS: key.toString('base64'),
      AUTH_SECRET: randomBytes(32).toString('hex'),
      SANDBOX: 'off',
      LOG_LEVEL: 'warn',
    },
  }
}
