import { median, ratioOfPairs, rounded } from './statistics'

/** One measurement as it is printed. `ratio` is value / baseline, the median over pairs; null where there is no baseline. */
export interface Figure {
  name: string
  value: number
  unit: string
  baseline: number | null
  ratio: number | null
}

/** From rounds that were run in turn: ours[i] and theirs[i] are neighbours in time. */
export const pairedFigure = (name: string, unit: string, ours: readonly number[], theirs: readonly number[]): Figure => ({
  name,
  value: rounded(median(ours)),
  unit,
  baseline: rounded(median(theirs)),
  ratio: rounded(ratioOfPairs(ours, theirs)),
})

export type Print = (figure: Figure) => void
/** Progress, for a person who waits. */
export type Say = (line: string) => void

/** What every benchmark is given. */
export interface Bench {
  root: string
  /** Under a minute instead of under five. */
  isQuick: boolean
  print: Print
  say: Say
  /** Called in reverse order when the run ends, however it ends. */
  atEnd: (close: () => Promise<void>) => void
  /** Makes `.build` and `.next` when they are not there or stale. */
  buildParley: (say: Say) => Promise<void>
  /** Puts the bare route, in one file, into `folder`/app/hook. */
  bundleRoute: (folder: string) => Promise<void>
}
