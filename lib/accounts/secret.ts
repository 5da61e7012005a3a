import { inspect } from 'node:util'

const REDACTED = '[redacted]'

/** A token or password in memory. However it is printed, it says `[redacted]`; only `reveal()` tells. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}
