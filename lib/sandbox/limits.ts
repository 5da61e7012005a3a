/**
 * What the sandbox accepts. On purpose not `lib/flow/limits.ts`: the stand-in for Meta must not be wrong in the same way as
 * the program it tests. `docs/sandbox.md` says for each how sure we are.
 */
const HOUR_MS = 3_600_000

export const TEXT_BYTES = 1000
export const CHIPS = 13
/** Instagram shows this many characters of a chip's title and accepts more. */
export const CHIP_TITLE_SHOWN = 20
export const PAYLOAD_CHARACTERS = 1000
export const METADATA_CHARACTERS = 1000
export const IMAGES = 10
export const IMAGE_BYTES = 8 * 1024 * 1024
export const URL_CHARACTERS = 2048
export const WINDOW_MS = 24 * HOUR_MS
export const HUMAN_AGENT_MS = 7 * 24 * HOUR_MS
/** Messages of a conversation whose details can still be read. */
export const READABLE_MESSAGES = 20
export const TYPING_MS = 20_000

export const WEBHOOK_TIMEOUT_MS = 5000
export const WEBHOOK_RETRY_MS = 36 * HOUR_MS
/** After the immediate retry: the gaps before the next tries, the last one repeated. Meta publishes none of them. */
const GAPS_MS = [1, 2, 4, 8, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400].map((seconds) => seconds * 1000)

/** How long to wait after the nth failed try (1 is the first), in milliseconds of the sandbox's clock. */
export function gapAfter(failures: number): number {
  if (failures <= 1) return 0
  return GAPS_MS[Math.min(failures - 2, GAPS_MS.length - 1)] ?? 0
}
