import { RE2JS } from 're2js'

/** Operators' regular expressions, in linear time whatever they and the people write. */

const MAX_PATTERN_CHARACTERS = 500
const MAX_CACHED = 1000
const compiled = new Map<string, RE2JS | string>()

/** The compiled expression (without case), or why it is none. Remembered, because every message asks again. */
export function compilePattern(pattern: string): RE2JS | string {
  const known = compiled.get(pattern)
  if (known !== undefined) return known
  const fresh = compile(pattern)
  if (compiled.size >= MAX_CACHED) compiled.clear()
  compiled.set(pattern, fresh)
  return fresh
}

function compile(pattern: string): RE2JS | string {
  if (pattern.length > MAX_PATTERN_CHARACTERS) return `It is longer than ${MAX_PATTERN_CHARACTERS} characters.`
  try {
    return RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Whether the expression is found anywhere in the text. One that does not compile is found nowhere. */
export function isFound(pattern: string, text: string): boolean {
  const expression = compilePattern(pattern)
  if (typeof expression === 'string') return false
  try {
    return expression.matcher(text).find()
  } catch {
    return false
  }
}
