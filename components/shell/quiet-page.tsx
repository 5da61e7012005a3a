import type { ReactNode } from 'react'

/** A page of a few words: the mark above, one column, a width that reads well on phone and desk. */
export function QuietPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto w-full max-w-2xl px-5 py-12 sm:px-8 sm:py-24">
      <p className="flex items-center gap-2.5 font-semibold text-[13px] tracking-tight">
        <Mark />
        Parley
      </p>
      <h1 className="mt-10 text-balance font-semibold text-[26px] leading-8 tracking-[-0.02em]">{title}</h1>
      {children}
    </main>
  )
}

/** Two turns of a conversation. */
function Mark() {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d="M3 3h9a3 3 0 0 1 3 3v1.2H8.6A3.6 3.6 0 0 0 5 10.8V13L2 15V4a1 1 0 0 1 1-1Z" className="fill-accent" />
      <path d="M8.6 8.7H17a1 1 0 0 1 1 1V18l-3-2H8.6a2.1 2.1 0 0 1-2.1-2.1v-3.1a2.1 2.1 0 0 1 2.1-2.1Z" className="fill-ink" />
    </svg>
  )
}
