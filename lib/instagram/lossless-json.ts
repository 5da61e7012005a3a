/**
 * `JSON.parse` that never rounds an id: a whole number beyond 2^53 - 1 stays the text it was. Meta sends ids as strings,
 * but has been seen to send bare numbers, and a rounded id is another person's.
 * @throws SyntaxError
 */
export function parseLossless(text: string): unknown {
  const reviver = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source
    const isWhole = typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source)
    return isWhole && !Number.isSafeInteger(value) ? source : value
  }
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown)
}
