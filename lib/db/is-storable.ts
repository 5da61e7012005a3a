/** Whether Postgres keeps a text as it is: never with NUL, and in JSON not with half of a surrogate pair. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')
