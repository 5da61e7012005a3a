'use client'

import { QuietPage } from '@/components/shell/quiet-page'

/** The words of an unknown error stay on the server; its digest finds them in the log. */
export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <QuietPage title="Something went wrong here">
      <p className="mt-3 text-ink-soft">
        Nothing you did is lost. Try again; if it stays like this, the server's log says why
        {error.digest ? ` (look for ${error.digest})` : ''}.
      </p>
      <button
        type="button"
        onClick={reset}
        className="mt-6 cursor-pointer rounded-md border border-line bg-surface px-3 py-1.5 font-medium text-sm hover:border-ink-soft"
      >
        Try again
      </button>
    </QuietPage>
  )
}
