import { z } from 'zod'
import { cleanText } from './clean-text'
import { callGraph } from './graph-client'
import type { Outcome } from './outcome'
import type { Endpoint } from './send'

const Name = z.string().transform(cleanText).nullish()
const Profile = z.looseObject({ name: Name, username: Name })

export type ProfileResult =
  | { ok: true; name: string | null; username: string | null }
  | { ok: false; outcome: Outcome; waitMs: number; says: string }

/** A person's name. Exists only after they wrote or tapped; both fields may be missing. Source: Instagram Platform, User Profile. */
export async function readProfile(endpoint: Endpoint, igsid: string): Promise<ProfileResult> {
  const result = await callGraph({ ...endpoint, method: 'GET', path: igsid, query: { fields: 'name,username' } })
  if (!result.ok) return result
  const parsed = Profile.safeParse(result.body)
  if (!parsed.success) return { ok: false, outcome: 'never', waitMs: 0, says: 'Instagram answered an unreadable profile.' }
  return { ok: true, name: parsed.data.name ?? null, username: parsed.data.username ?? null }
}
