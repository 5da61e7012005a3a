import { migrate } from '@/lib/db/migrate'

const url = process.env.DATABASE_URL
if (!url) throw new Error('DATABASE_URL is not set; set it to the database that is to be brought up to date.')
await migrate(url, 'drizzle')
