import { startWorker } from '@/lib/runtime/main'
import { live } from './child'

await live({ name: 'worker', start: async () => startWorker() })
