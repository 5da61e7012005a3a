import { randomBytes } from 'node:crypto'
import { createApiKey } from '@/lib/accounts/api-keys'
import { createUser } from '@/lib/accounts/create-user'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { freePort, type Process, processOf } from './processes'

/** A whole Parley of its own: production build, real processes, a database and a sandbox nobody else uses. */
export interface Parley {
  url: string
  sandboxUrl: string
  apiKey: string
  database: FreshDatabase
  web: Process
  workers: Process[]
  sandbox: Process
  /** Our public API. @throws with the problem's own words when the answer is not 2xx */
  api: <T = unknown>(method: string, path: string, body?: unknown) => Promise<T>
  /** The sandbox's driver. */
  driver: <T = unknown>(method: string, path: string, body?: unknown) => Promise<T>
  close: () => Promise<void>
}

async function request<T>(url: string, method: string, headers: Record<string, string>, body: unknown): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** `scale` shortens the engine's own time limits: leases and look-ups. */
export async function startParley({ workers = 1, scale = 0.02 } = {}): Promise<Parley> {
  const encryptionKey = randomBytes(32).toString('base64')
  process.env.ENCRYPTION_KEYS = encryptionKey
  const database = await freshDatabase()
  const [webPort, sandboxPort] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${webPort}`
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`
  const env = {
    DATABASE_URL: database.url,
    APP_URL: url,
    HOST: '127.0.0.1',
    PORT: String(webPort),
    SANDBOX: 'on',
    SANDBOX_PORT: String(sandboxPort),
    ENCRYPTION_KEYS: encryptionKey,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    ENGINE_TIME_SCALE: String(scale),
  }
  const web = processOf('web', env)
  const sandbox = processOf('sandbox', env)
  const crew = Array.from({ length: workers }, () => processOf('worker', env))
  const all = [web, sandbox, ...crew]
  try {
    await Promise.all(all.map((process) => process.start()))
  } catch (error) {
    await Promise.all(all.map((process) => process.kill()))
    await database.close()
    throw error
  }
  const { userId, workspaceId } = await createUser(database.db, {
    email: 'ana@example.com',
    name: 'Ana',
    password: randomBytes(12).toString('hex'),
    workspace: { name: 'Bakery' },
  })
  const ctx = { db: database.db, workspaceId, actor: { type: 'user' as const, id: userId, name: 'Ana' }, role: 'owner' as const }
  const { key } = await createApiKey(ctx, { name: 'tests', role: 'owner' })
  return {
    url,
    sandboxUrl,
    apiKey: key,
    database,
    web,
    workers: crew,
    sandbox,
    api: (method, path, body) => request(`${url}/api/v1${path}`, method, { authorization: `Bearer ${key}` }, body),
    driver: (method, path, body) => request(`${sandboxUrl}/driver${path}`, method, {}, body),
    close: async () => {
      await Promise.all(all.map((process) => process.stop()))
      await database.close()
    },
  }
}
