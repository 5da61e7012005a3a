import { startSandbox } from '@/lib/sandbox/main'
import { live } from './child'
import { isLoopback } from './ports'

const { DATABASE_URL, HOST, SANDBOX_PORT, SANDBOX_APP_SECRET, SANDBOX_VERIFY_TOKEN } = process.env

await live({
  name: 'sandbox',
  start: async () => {
    if (!DATABASE_URL) throw new Error('DATABASE_URL is not set; set it, or start with "npm start", which makes one.')
    return startSandbox({
      // Whoever reaches the driver can move the product's clock: it listens to this machine only, whatever HOST says.
      host: HOST && isLoopback(HOST) ? HOST : '127.0.0.1',
      port: Number(SANDBOX_PORT || 3100),
      databaseUrl: DATABASE_URL,
      appSecret: SANDBOX_APP_SECRET || undefined,
      verifyToken: SANDBOX_VERIFY_TOKEN || undefined,
    })
  },
})
