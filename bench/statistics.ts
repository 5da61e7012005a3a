/** The value below which `share` (0 to 1) of the values lie, by nearest rank: always one that was measured. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new Error('There is no percentile of nothing.')
  const sorted = Float64Array.from(values).sort()
  const rank = Math.ceil(share * sorted.length)
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] as number
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('There is no median of nothing.')
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/**
 * The median of ours[i] / theirs[i]: the two of a pair were measured one right after the other, so what slowed the machine
 * down for a while slowed both.
 */
export function ratioOfPairs(ours: readonly number[], theirs: readonly number[]): number {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} values cannot be paired with ${theirs.length}.`)
  return median(ours.map((value, ix) => value / (theirs[ix] as number)))
}

/** Three significant digits are more than a shared machine can vouch for. */
export function rounded(value: number): number {
  return Number.isInteger(value) && Math.abs(value) < 1000 ? value : Number(value.toPrecision(3))
}
