import { z } from 'zod'

const HOUR_MS = 3_600_000

/** A workspace's rules that every flow of it obeys. Words are compared whole, without case, accents and outer punctuation. */
export const Settings = z.strictObject({
  stopWords: z
    .array(z.string())
    .default([
      'stop',
      'unsubscribe',
      'stopp',
      'abbestellen',
      'arrêter',
      'arreter',
      'parar',
      'basta',
      'cancelar suscripción',
      'отписаться',
      'стоп',
    ]),
  startWords: z.array(z.string()).default(['start', 'subscribe', 'anmelden', 'empezar', 'commencer', 'старт']),
  stopConfirmation: z
    .string()
    .default('You will not get automated messages from us any more. Write "start" to switch them on again.'),
  startConfirmation: z.string().default('Automated messages are on again.'),
  /** Null: not shown. Required by law in some places (Instagram's messaging policy names California and Germany). */
  disclosure: z.string().nullable().default("Hi! You're talking to an automated assistant. Ask for a person at any time."),
  /** How long a node waits for an answer before it leaves by *no answer*; under 24 h, because the window shuts then. */
  sessionTimeoutMs: z
    .int()
    .positive()
    .default(23 * HOUR_MS),
  /** After this long without a word typed in the Instagram app, the bot takes the conversation back. Null: only by hand. */
  appHoldMs: z
    .int()
    .positive()
    .nullable()
    .default(12 * HOUR_MS),
})
export type Settings = z.infer<typeof Settings>
