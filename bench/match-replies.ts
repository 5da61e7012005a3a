import type { Arrival } from './graph-process'
import type { Post } from './load-process'
import { replyTo } from './words'

/**
 * How many milliseconds each post's reply took, in the order of the posts. @throws Error unless everyone got exactly the
 * replies to what they wrote, in the order in which they wrote it.
 */
export function matchReplies(posts: Post[], arrivals: Arrival[]): number[] {
  const repliesTo = Map.groupBy(arrivals, ({ igsid }) => igsid)
  const taken = posts.map(({ igsid, text, at }) => {
    const reply = repliesTo.get(igsid)?.shift()
    if (!reply) throw new Error(`${igsid} wrote "${text}" and got no reply; ${posts.length} posts, ${arrivals.length} replies`)
    if (reply.text !== replyTo(text)) throw new Error(`${igsid} wrote "${text}" and heard "${reply.text}" next`)
    return reply.at - at
  })
  if (arrivals.length !== posts.length)
    throw new Error(`${posts.length} messages were posted and ${arrivals.length} replies arrived`)
  return taken
}
