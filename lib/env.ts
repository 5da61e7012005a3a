import { z } from 'zod'

const urlRule = 'must be an address such as https://parley.example.com'
const Url = z
  .url({ protocol: /^https?$/, error: urlRule })
  .refine((value) => !/[?#]/.test(value), 'must not have a query or a fragment')
  .transform((value) => value.replace(/\/+$/, ''))
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) => z.enum(values, `must be one of ${values.join(', ')}`)
const portRule = 'must be a port, 0 to 65535'
const Port = z.coerce.number({ error: portRule }).int(portRule).min(0, portRule).max(65535, portRule)
const concurrencyRule = 'must be a whole number, 1 to 500'
const scaleRule = 'must be a number, 0.001 to 100'

/** Whether the driver can read it. It takes several hosts, separated by commas, where a URL has one. */
function isDatabaseUrl(value: string): boolean {
  try {
    const { protocol, username, password } = new URL(value.replace(/,[^@/?]*(?=[/?]|$)/, ''))
    decodeURIComponent(username + password)
    return protocol === 'postgres:' || protocol === 'postgresql:'
  } catch {
    return false
  }
}

/** Every setting Parley reads. All are optional for local use: the launcher fills in what a machine can decide itself. */
const Env = z.object({
  DATABASE_URL: z
    .string()
    .refine(isDatabaseUrl, 'must be an address such as postgres://user:password@host:5432/database, with # as %23 and the like'),
  APP_URL: Url.default('http://127.0.0.1:3000'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: Port.default(3000),
  AUTH_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  /** 32-byte keys in base64, newest first, separated by commas; older ones still decrypt. */
  ENCRYPTION_KEYS: z
    .string()
    .transform((value) =>
      value
        .split(',')
        .map((key) => key.trim())
        .filter(Boolean),
    )
    .refine((keys) => keys.length > 0 && keys.every((key) => Buffer.from(key, 'base64').length === 32), {
      message: 'must be one or more 32-byte keys in base64, separated by commas (make one with: openssl rand -base64 32)',
    }),
  META_APP_ID: z.string().optional(),
  META_APP_SECRET: z.string().optional(),
  META_CONFIG_ID: z.string().optional(),
  INSTAGRAM_APP_ID: z.string().optional(),
  INSTAGRAM_APP_SECRET: z.string().optional(),
  META_VERIFY_TOKEN: z.string().optional(),
  GRAPH_VERSION: z
    .string()
    .regex(/^v\d+\.\d+$/, 'must look like v26.0')
    .default('v26.0'),
  FACEBOOK_WEB_URL: Url.default('https://www.facebook.com'),
  FACEBOOK_GRAPH_URL: Url.default('https://graph.facebook.com'),
  INSTAGRAM_WEB_URL: Url.default('https://www.instagram.com'),
  INSTAGRAM_API_URL: Url.default('https://api.instagram.com'),
  INSTAGRAM_GRAPH_URL: Url.default('https://graph.instagram.com'),
  SANDBOX: oneOf(['on', 'off']).optional(),
  WORKER_CONCURRENCY: z.coerce
    .number(concurrencyRule)
    .int(concurrencyRule)
    .min(1, concurrencyRule)
    .max(500, concurrencyRule)
    .default(32),
  LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Multiplies the engine's own time limits (lease, look-up of unknown sends); tests make them short with one factor. */
  ENGINE_TIME_SCALE: z.coerce.number(scaleRule).min(0.001, scaleRule).max(100, scaleRule).default(1),
})
export type Env = z.infer<typeof Env>

/** @throws Error with one sentence a wrong setting: its name, what is wrong and how to mend it. Values are never printed. */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = Env.safeParse(given)
  if (parsed.success) return parsed.data
  const sentences = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0])
    return given[name] === undefined
      ? `${name} is not set; set it, or start with "npm start", which makes one.`
      : `${name} is wrong: ${issue.message}. Change it, or unset it to use the default.`
  })
  throw new Error([...new Set(sentences)].join('\n'))
}
