import type { ListQuery, Page, Todo, Todos } from 'authtodo'

import { Connection, type Trouble } from '@/lib/connection'
import { Problem, SignedOut, UserChanged } from '@/lib/problem'
import { Tokens } from '@/lib/token'
import { maxTitle, todosOf, type Draft, type Patch } from '@/lib/todos'

export type Filter = 'all' | 'active' | 'done'

/** A todo as the page shows it: with the changes that are still on their way. */
export type Row = {
  id: string
  title: string
  completed: boolean
  /** Not saved yet. */
  pending: boolean
  /** Not created yet: nothing can be done with it. */
  draft: boolean
}

export type Notice = {
  /** Different for every notice, so that the same words are said again. */
  number: number
  text: string
  tone: 'quiet' | 'bad'
  /** Brings back what was deleted. */
  undo: (() => void) | null
}

/** Why the page cannot go on; whoever shows it leaves it. */
export type End = 'signed-out' | 'user-changed'

/** What to show. It is never changed: after a change there is another one. */
export type View = {
  filter: Filter
  rows: Row[]
  /** How many are to do, on all pages; null if that is not known yet. */
  open: number | null
  loading: boolean
  loadingMore: boolean
  more: boolean
  trouble: Trouble | null
  /** What went wrong with loading the list, if it does not pass by itself. */
  failure: string | null
  notice: Notice | null
  unsaved: number
  end: End | null
}

/** How a change of a title ended. */
export type Edit = { kind: 'saved' } | { kind: 'refused'; reason: string } | { kind: 'conflict'; theirs: string }

/** Somebody else, or another tab, has changed a title since it was read. */
class Conflict extends Error {
  constructor(readonly theirs: string) {
    super('changed elsewhere')
  }
}

/** How far the list of one filter has been loaded. */
type Extent = { next: string | null; last: Todo | null; first: Page }

const newestFirst: ListQuery = { sort: '-position' }
const queries: Record<Filter, ListQuery> = {
  all: newestFirst,
  active: { ...newestFirst, completed: false },
  done: { ...newestFirst, completed: true },
}

/**
 * TodoStore holds one user's list for the page: what the API has said, and on
 * top of it the changes that it has not confirmed yet. Changes of one todo are
 * sent one after the other, each for the version before it.
 */
export class TodoStore {
  readonly tokens: Tokens
  readonly #api: Todos
  readonly #connection: Connection
  readonly #closed = new AbortController()
  readonly #listeners = new Set<() => void>()

  readonly #known = new Map<string, Todo>()
  readonly #extents = new Map<Filter, Extent>()
  readonly #drafts = new Map<string, Draft>()
  readonly #changes = new Map<string, Patch>()
  readonly #removed = new Set<string>()
  readonly #queues = new Map<string, Promise<unknown>>()
  #settled = 0 // changes so far, to tell a list that was asked for before one

  #filter: Filter
  #open: number | null = null
  readonly #loads = new Set<Filter>()
  #loadingMore = false
  #failure: string | null = null
  #notice: Notice | null = null
  #notices = 0
  #end: End | null = null
  #view: View

  constructor(apiURL: string, user: string, filter: Filter) {
    this.tokens = new Tokens(user)
    this.#api = todosOf(apiURL, this.tokens)
    this.#connection = new Connection(
      () => this.#api.list({ limit: 1 }, this.#ends()),
      () => this.#show(),
      this.#closed.signal,
    )
    this.#filter = filter
    this.#view = this.#look()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly view = (): View => this.#view

  /** Ends all requests and forgets token and todos, for good. */
  close(): void {
    this.#closed.abort(new SignedOut('closed'))
    this.tokens.close()
    this.#known.clear()
    this.#drafts.clear()
    this.#notice = null
    this.#show()
  }

  show(filter: Filter): void {
    this.#filter = filter
    this.#show()
    void this.refresh()
  }

  /** Tries now what waits for the connection. */
  hurry(): void {
    this.#connection.hurry()
  }

  dismiss(): void {
    this.#notice = null
    this.#show()
  }

  /** Loads the list and the number of what is to do, if they have changed. */
  async refresh(): Promise<void> {
    const filter = this.#filter
    if (this.#loads.has(filter)) return
    this.#loads.add(filter)
    this.#failure = null
    this.#show()
    try {
      while (!(await this.#load(filter))) {
        // a change crossed it: what it said is old
      }
    } catch (error) {
      this.#failure = this.#explain(error)
    } finally {
      this.#loads.delete(filter)
      this.#show()
    }
  }

  async #load(filter: Filter): Promise<boolean> {
    const before = this.#settled
    const extent = this.#extents.get(filter)
    const limit = Math.min(Math.max(100, this.#rows(filter, extent?.last ?? null).length), 500)
    const previous = extent?.first
    const page = await this.#run(() => this.#api.list({ ...queries[filter], limit }, { previous, ...this.#ends() }))
    if (page === previous) return true
    const open = await this.#run(() => this.#api.list({ completed: false, limit: 1 }, { count: true, ...this.#ends() }))
    if (before !== this.#settled) return false
    this.#open = open.total
    this.#merge(filter, page, null)
    // Whoever has loaded more than this page keeps it.
    if (page.next && extent?.last && compare(extent.last, page.todos.at(-1) ?? extent.last) > 0) {
      this.#extents.set(filter, { ...extent, first: page })
    }
    return true
  }

  /** Loads the next page. */
  async more(): Promise<void> {
    const filter = this.#filter
    const extent = this.#extents.get(filter)
    const cursor = extent?.next
    if (!cursor || this.#loadingMore) return
    this.#loadingMore = true
    this.#show()
    try {
      this.#merge(filter, await this.#run(() => this.#api.list({ ...queries[filter], cursor }, this.#ends())), extent)
    } catch (error) {
      if (error instanceof Problem && error.status === 422) void this.refresh() // a cursor of old
      else this.#report(error, 'The rest of the list could not be loaded.')
    } finally {
      this.#loadingMore = false
      this.#show()
    }
  }

  /** Adds a todo. What it gives is why it was refused, if it was. */
  async create(draft: Draft): Promise<string | null> {
    const idempotencyKey = crypto.randomUUID()
    this.#drafts.set(idempotencyKey, draft)
    this.#notice = null
    this.#show()
    try {
      const todo = await this.#run(() => this.#api.create(draft, { idempotencyKey, ...this.#ends() }))
      this.#settled++
      this.#known.set(todo.id, todo)
      this.#count(todo.completed ? 0 : 1)
      this.#say(`Added “${todo.title}”.`)
      return null
    } catch (error) {
      return this.#explain(error)
    } finally {
      this.#drafts.delete(idempotencyKey)
      this.#show()
    }
  }

  async toggle(id: string, completed: boolean): Promise<void> {
    try {
      const todo = await this.#change(id, { completed })
      if (todo) this.#say(completed ? `“${todo.title}” is done.` : `“${todo.title}” is to do again.`)
    } catch (error) {
      this.#report(error, 'That could not be saved.')
    }
  }

  /** Changes the title from what it was when somebody began to edit it. */
  async rename(id: string, from: string, title: string): Promise<Edit> {
    try {
      const todo = await this.#change(id, { title }, from)
      if (todo) this.#say(`Saved “${todo.title}”.`)
      return { kind: 'saved' }
    } catch (error) {
      if (error instanceof Conflict) return { kind: 'conflict', theirs: error.theirs }
      return { kind: 'refused', reason: this.#explain(error) ?? '' }
    }
  }

  async remove(id: string): Promise<void> {
    this.#removed.add(id)
    this.#notice = null
    const turn = this.#inTurn(id, () => this.#delete(id))
    this.#show()
    try {
      const todo = await turn
      if (todo === null) return
      const { title, description, completed, position } = todo
      this.#say(`Deleted “${title}”.`, () => void this.#restore({ title, description, completed, position }))
    } catch (error) {
      this.#removed.delete(id)
      if (error instanceof Problem && error.status === 412) {
        await this.#reload(id).catch(() => {})
        this.#say('It was changed elsewhere, so it is still here. Look at it, and delete it again if you like.', null, 'bad')
      } else {
        this.#report(error, 'That could not be deleted.')
      }
    }
    this.#show()
  }

  /** Removes the todo; null if it was gone already. */
  async #delete(id: string): Promise<Todo | null> {
    const todo = this.#known.get(id)
    if (!todo) return null
    let gone = false
    await this.#run(() => this.#api.delete(id, { ifMatch: todo, ...this.#ends() })).catch((error: unknown) => {
      if (!(error instanceof Problem && error.status === 404)) throw error
      gone = true // elsewhere, or by a request whose answer was lost
    })
    this.#settled++
    this.#known.delete(id)
    this.#count(todo.completed ? 0 : -1)
    return gone ? null : todo
  }

  async #restore(draft: Draft): Promise<void> {
    const reason = await this.create(draft)
    if (reason) this.#say(reason, null, 'bad')
  }

  /** Shows the patch at once and saves it when its turn has come; null if the todo is gone. */
  async #change(id: string, patch: Patch, from?: string): Promise<Todo | null> {
    this.#changes.set(id, { ...this.#changes.get(id), ...patch })
    this.#notice = null
    const turn = this.#inTurn(id, () => this.#save(id, patch, from))
    this.#show()
    try {
      return await turn
    } finally {
      this.#confirm(id, patch)
      this.#show()
    }
  }

  /** Takes the patch off what is shown on top, except where a newer one has replaced it. */
  #confirm(id: string, patch: Patch): void {
    const rest: Patch = { ...this.#changes.get(id) }
    for (const name of Object.keys(patch) as (keyof Patch)[]) {
      if (rest[name] === patch[name]) delete rest[name]
    }
    if (Object.keys(rest).length > 0) this.#changes.set(id, rest)
    else this.#changes.delete(id)
  }

  async #save(id: string, patch: Patch, from?: string): Promise<Todo | null> {
    for (let tries = 1; ; tries++) {
      const before = this.#known.get(id)
      if (!before) return null
      if (from !== undefined && before.title !== from && before.title !== patch.title) throw new Conflict(before.title)
      try {
        const todo = await this.#run(() => this.#api.update(id, patch, { ifMatch: before, ...this.#ends() }))
        return this.#saved(before, todo)
      } catch (error) {
        if (!(error instanceof Problem) || (error.status !== 412 && error.status !== 404)) throw error
        const now = await this.#reload(id)
        if (now === null) {
          this.#say('It was deleted elsewhere.', null, 'bad')
          return null
        }
        if (holds(now, patch)) return this.#saved(before, now) // a request whose answer was lost
        if (tries === 5) throw error
        // A tick means the same on any version; a title goes by what it was.
      }
    }
  }

  #saved(before: Todo, todo: Todo): Todo {
    this.#settled++
    this.#known.set(todo.id, todo)
    this.#count(Number(before.completed) - Number(todo.completed))
    return todo
  }

  /** Reads one todo again; null, and it is gone from the list, if it is no more. */
  async #reload(id: string): Promise<Todo | null> {
    try {
      const todo = await this.#run(() => this.#api.get(id, this.#ends()))
      this.#known.set(id, todo)
      return todo
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error
      this.#settled++
      this.#known.delete(id)
      void this.refresh()
      return null
    }
  }

  /** Requests end when the store is closed. */
  #ends(): { signal: AbortSignal } {
    return { signal: this.#closed.signal }
  }

  #inTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    const turn = (this.#queues.get(id) ?? Promise.resolve()).then(task, task)
    this.#queues.set(id, turn)
    const done = () => {
      if (this.#queues.get(id) === turn) this.#queues.delete(id)
    }
    turn.then(done, done)
    return turn
  }

  async #run<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await this.#connection.run(task)
    } catch (error) {
      if (error instanceof UserChanged) this.#end = 'user-changed'
      else if (error instanceof SignedOut && !this.#closed.signal.aborted) this.#end = 'signed-out'
      if (this.#end !== null) this.tokens.close()
      throw error
    }
  }

  /** Takes a page in. What is known in the part of the list that it covers, and is not in it, is no more. */
  #merge(filter: Filter, page: Page, after: Extent | null): void {
    const last = page.next === null ? null : (page.todos.at(-1) ?? null)
    const there = new Set(page.todos.map((todo) => todo.id))
    for (const todo of this.#known.values()) {
      const covered = (!after?.last || compare(todo, after.last) > 0) && (last === null || compare(todo, last) <= 0)
      if (covered && fits(todo, filter) && !there.has(todo.id) && !this.#queues.has(todo.id)) this.#known.delete(todo.id)
    }
    for (const todo of page.todos) {
      if ((this.#known.get(todo.id)?.version ?? 0) < todo.version) this.#known.set(todo.id, todo)
    }
    this.#extents.set(filter, { next: page.next, last, first: after ? after.first : page })
  }

  #count(more: number): void {
    if (this.#open !== null) this.#open = Math.max(0, this.#open + more)
  }

  #say(text: string, undo: (() => void) | null = null, tone: Notice['tone'] = 'quiet'): void {
    this.#notice = { number: ++this.#notices, text, tone, undo }
    this.#show()
  }

  #report(error: unknown, what: string): void {
    const reason = this.#explain(error)
    if (reason) this.#say(`${what} ${reason}`, null, 'bad')
  }

  /** What to tell people, and what they can do; null if there is nothing to do here any more. */
  #explain(error: unknown): string | null {
    if (this.#closed.signal.aborted || this.#end !== null) return null
    if (!(error instanceof Problem)) {
      return 'Something answers at the address of the todo service that is no todo service. Check NEXT_PUBLIC_API_URL.'
    }
    const title = error.errors.find((fault) => fault.pointer === '#/title')
    if (title) return `The title ${title.detail}.`
    if (error.status === 401) {
      return 'The todo service does not accept this sign-in. Sign out and in again; if that does not help, its BETTER_AUTH_URL is not the address of this page.'
    }
    if (error.status >= 500) {
      return `Something went wrong in the service. Try again; if it stays so, tell its keeper this: ${error.instance || error.status}`
    }
    return error.message
  }

  /** How many are to do when all that is on its way has arrived. */
  #openNow(): number | null {
    if (this.#open === null) return null
    let open = this.#open
    for (const draft of this.#drafts.values()) open += Number(!draft.completed)
    for (const [id, { completed }] of this.#known) {
      const later = this.#removed.has(id) ? true : (this.#changes.get(id)?.completed ?? completed)
      open += Number(completed) - Number(later)
    }
    return Math.max(0, open)
  }

  #show(): void {
    this.#view = this.#look()
    for (const listener of this.#listeners) listener()
  }

  #look(): View {
    const filter = this.#filter
    const extent = this.#extents.get(filter)
    return {
      filter,
      rows: this.#rows(filter, extent?.last ?? null),
      open: this.#openNow(),
      loading: this.#loads.has(filter) && extent === undefined,
      loadingMore: this.#loadingMore,
      more: Boolean(extent?.next),
      trouble: this.#connection.trouble,
      failure: this.#failure,
      notice: this.#notice,
      unsaved: this.#drafts.size + this.#queues.size,
      end: this.#end,
    }
  }

  #rows(filter: Filter, last: Todo | null): Row[] {
    const drafts = [...this.#drafts].reverse().map(([key, draft]) => ({
      id: key,
      title: draft.title,
      completed: draft.completed ?? false,
      pending: true,
      draft: true,
    }))
    const todos = [...this.#known.values()]
      .filter((todo) => !this.#removed.has(todo.id) && (last === null || compare(todo, last) <= 0))
      .sort(compare)
      .map((todo) => ({
        id: todo.id,
        title: todo.title,
        completed: todo.completed,
        ...this.#changes.get(todo.id),
        pending: this.#queues.has(todo.id),
        draft: false,
      }))
    return [...drafts, ...todos].filter((row) => fits(row, filter))
  }
}

/** Why a title will be refused; null if it will not. */
export function faultOfTitle(title: string): string | null {
  const length = [...title.trim()].length
  if (length === 0) return 'A todo needs a title.'
  if (length > maxTitle) return `A title has at most ${maxTitle} characters; this one has ${length}.`
  return null
}

function fits(todo: { completed: boolean }, filter: Filter): boolean {
  return filter === 'all' || todo.completed === (filter === 'done')
}

function holds(todo: Todo, patch: Patch): boolean {
  return (Object.keys(patch) as (keyof Patch)[]).every((name) => todo[name] === patch[name])
}

/** The order of the list: newest first, unless somebody has moved something. */
function compare(a: Todo, b: Todo): number {
  return b.position - a.position || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
}
