import Link from 'next/link'
import { QuietPage } from '@/components/shell/quiet-page'

export default function NotFound() {
  return (
    <QuietPage title="There is nothing at this address">
      <p className="mt-3 text-ink-soft">It may have been removed, or the address has a typing mistake.</p>
      <p className="mt-6">
        <Link className="text-accent underline-offset-4 hover:underline" href="/">
          Back to the start
        </Link>
      </p>
    </QuietPage>
  )
}
