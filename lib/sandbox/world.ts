import { AppError } from '@/lib/errors'
import { conversationIdOf, newIgsid, newMid, newThreadNumber } from './ids'
import type { Account, Fault, Media, Message, Person, Thread } from './model'
import type { Store } from './store'

/** Accounts, people, threads and messages, held in memory and written through the store. */
export interface World {
  accounts: Map<string, Account>
  people: Map<string, Person>
  faults: Map<string, Fault>
  media: Map<string, Media>
  messages: Map<string, Message>
  threads: Map<string, Thread>
  /** Of one thread, oldest first. */
  messagesOf(thread: Thread): Message[]
  threadsOf(igId: string): Thread[]
  threadOf(igId: string, igsid: string): Thread | undefined
  threadByConversation(id: string): Thread | undefined
  /** @throws AppError not-found. */
  account(igId: string): Account
  /** By id or user name. @throws AppError not-found. */
  person(key: string): Person
  /** Her Instagram-scoped id for the account, made when she has none. */
  igsidOf(account: Account, person: Person): string
  /** Whose id this is, thread or not. */
  personBehind(igId: string, igsid: string): Person | undefined
  /** Her thread with the account, made when she has none. */
  openThread(account: Account, person: Person, now: number): Thread
  add(thread: Thread, said: Pick<Message, 'at' | 'from' | 'via'> & Partial<Message>): Message
  saveAccount(account: Account): void
  savePerson(person: Person): void
  saveFault(fault: Fault): void
  removeFault(id: string): void
  saveMedia(media: Media): void
  /** Writes the thread, counts the change and tells who waits. */
  touch(thread: Thread, message?: Message): void
  /** Resolves at the next change of the thread or of any, or after `ms`. */
  nextChange(igId: string, igsid: string | undefined, ms: number): Promise<void>
  /** The number of the newest change. */
  tick(): number
  forget(): void
}

const threadKey = (igId: string, igsid: string) => `${igId}:${igsid}`

export async function openWorld(store: Store): Promise<World> {
  const accounts = new Map((await store.read<Account>('account')).map((row) => [row.igId, row]))
  const people = new Map((await store.read<Person>('person')).map((row) => [row.id, row]))
  const faults = new Map((await store.read<Fault>('fault')).map((row) => [row.id, row]))
  const media = new Map((await store.read<Media>('media')).map((row) => [row.id, row]))
  const threads = new Map((await store.read<Thread>('thread')).map((row) => [threadKey(row.igId, row.igsid), row]))
  const byConversation = new Map([...threads.values()].map((row) => [row.conversationId, row]))
  const byThread = new Map<string, Message[]>()
  const byIgsid = new Map<string, Person>()
  for (const person of people.values()) {
    for (const [igId, igsid] of Object.entries(person.igsids)) byIgsid.set(threadKey(igId, igsid), person)
  }
  const messages = new Map<string, Message>()
  let tick = 0
  for (const row of (await store.read<Message>('message')).sort((a, b) => a.order - b.order)) {
    messages.set(row.mid, row)
    const key = threadKey(row.igId, row.igsid)
    const list = byThread.get(key)
    if (list) list.push(row)
    else byThread.set(key, [row])
    tick = Math.max(tick, row.order, row.seq)
  }
  for (const row of threads.values()) tick = Math.max(tick, row.seq)

  const watchers = new Set<{ igId: string; igsid: string | undefined; tell: () => void }>()

  const world: World = {
    accounts,
    people,
    faults,
    media,
    messages,
    threads,
    messagesOf: (thread) => byThread.get(threadKey(thread.igId, thread.igsid)) ?? [],
    threadsOf: (igId) => [...threads.values()].filter((thread) => thread.igId === igId),
    threadOf: (igId, igsid) => threads.get(threadKey(igId, igsid)),
    threadByConversation: (id) => byConversation.get(id),
    account(igId) {
      const account = accounts.get(igId)
      if (!account)
        throw new AppError('not-found', `No account ${igId}; GET /driver/accounts lists them, POST /driver/accounts makes one.`)
      return account
    },
    person(key) {
      const person = people.get(key) ?? [...people.values()].find((one) => one.username === key)
      if (!person)
        throw new AppError('not-found', `No person ${key}; GET /driver/people lists them, POST /driver/people makes one.`)
      return person
    },
    igsidOf(account, person) {
      let igsid = person.igsids[account.igId]
      if (!igsid) {
        igsid = newIgsid()
        person.igsids[account.igId] = igsid
        world.savePerson(person)
      }
      return igsid
    },
    personBehind: (igId, igsid) => byIgsid.get(threadKey(igId, igsid)),
    openThread(account, person, now) {
      const igsid = world.igsidOf(account, person)
      const known = threads.get(threadKey(account.igId, igsid))
      if (known) return known
      const number = newThreadNumber()
      const thread: Thread = {
        igId: account.igId,
        igsid,
        personId: person.id,
        number,
        conversationId: conversationIdOf(account.igId, number),
        lastPersonAt: 0,
        updatedAt: now,
        seq: 0,
        readMid: null,
        seenAt: null,
        typingAt: null,
        chipsOf: null,
      }
      threads.set(threadKey(account.igId, igsid), thread)
      byConversation.set(thread.conversationId, thread)
      world.touch(thread)
      return thread
    },
    add(thread, said) {
      const order = tick + 1
      const message: Message = {
        mid: newMid(thread.igId, thread.number, order),
        igId: thread.igId,
        igsid: thread.igsid,
        order,
        seq: order,
        text: null,
        images: [],
        chips: [],
        payload: null,
        isPostback: false,
        replyTo: null,
        tag: null,
        isUnsupported: false,
        isUnsent: false,
        edits: 0,
        reaction: null,
        ...said,
      }
      messages.set(message.mid, message)
      const key = threadKey(thread.igId, thread.igsid)
      const list = byThread.get(key)
      if (list) list.push(message)
      else byThread.set(key, [message])
      thread.updatedAt = message.at
      world.touch(thread, message)
      return message
    },
    saveAccount(account) {
      accounts.set(account.igId, account)
      store.put('account', account.igId, account)
    },
    savePerson(person) {
      people.set(person.id, person)
      for (const [igId, igsid] of Object.entries(person.igsids)) byIgsid.set(threadKey(igId, igsid), person)
      store.put('person', person.id, person)
    },
    saveFault(fault) {
      faults.set(fault.id, fault)
      store.put('fault', fault.id, fault)
    },
    removeFault(id) {
      faults.delete(id)
      store.put('fault', id, null)
    },
    saveMedia(one) {
      media.set(one.id, one)
      store.put('media', one.id, one)
    },
    touch(thread, message) {
      tick += 1
      thread.seq = tick
      store.put('thread', threadKey(thread.igId, thread.igsid), thread)
      if (message) {
        message.seq = tick
        store.put('message', message.mid, message)
      }
      for (const watcher of watchers) {
        if (watcher.igId === thread.igId && (watcher.igsid === undefined || watcher.igsid === thread.igsid)) watcher.tell()
      }
    },
    nextChange: (igId, igsid, ms) =>
      new Promise((resolve) => {
        const watcher = {
          igId,
          igsid,
          tell: () => {
            clearTimeout(timer)
            watchers.delete(watcher)
            resolve()
          },
        }
        const timer = setTimeout(watcher.tell, ms)
        watchers.add(watcher)
      }),
    tick: () => tick,
    forget() {
      for (const map of [accounts, people, faults, media, messages, threads, byConversation, byThread, byIgsid]) map.clear()
      for (const watcher of watchers) watcher.tell()
    },
  }
  return world
}
