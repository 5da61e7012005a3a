import { foldTitle } from '../../normalise'
import type { Choice } from '../../state'

const email = /^[^\s@]+@[^\s@]+\.[^\s@]+$/u
const phone = /^\+?[\d\s()./-]{6,24}$/u

const isPhone = (text: string): boolean =>
  phone.test(text) && text.replace(/\D/gu, '').length >= 6 && text.replace(/\D/gu, '').length <= 15

/**
 * Which chip a text stands for; null: none. Chips are invisible on the web, so typing does what tapping does: a title
 * (case, accents, spaces and emoji aside; exactly, when that leaves two alike or nothing), an e-mail address, a phone number.
 * `chip` is the payload of a tap that is not ours: Instagram fills in e-mail and phone chips with the value itself.
 */
export function choose(choices: readonly Choice[], text: string, chip: string | null): Choice | null {
  const written = text.trim()
  const titled = choices.filter((choice) => choice.type === 'text')
  const folded = foldTitle(written)
  const alike = folded === '' ? [] : titled.filter((choice) => foldTitle(choice.title) === folded)
  if (alike.length === 1) return alike[0] ?? null
  const exact = titled.find((choice) => choice.title.trim() === written && written !== '')
  if (exact !== undefined) return exact
  const own = (type: Choice['type']) => choices.find((choice) => choice.type === type) ?? null
  if (email.test(written)) return own('email')
  if (isPhone(written)) return own('phone')
  return chip !== null && chip.trim() === written && written !== '' && !written.includes('@') && /\d/u.test(written)
    ? own('phone')
    : null
}
