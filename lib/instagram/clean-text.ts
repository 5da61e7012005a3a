/** Postgres stores neither NUL nor half a character. The rest of what people wrote is left as it is. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd')
}
