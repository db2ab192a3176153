import { ask, Problem, readJSON, Unexpected } from '@/lib/problem'
import type { Tokens } from '@/lib/token'

export type Todo = {
  id: string
  user_id: string
  title: string
  description: string | null
  completed: boolean
  completed_at: string | null
  position: number
  created_at: string
  updated_at: string
  /** One more with every change, and the todo's ETag. */
  version: number
}

/** What a new todo may have. */
export type Draft = Pick<Todo, 'title'> & Partial<Pick<Todo, 'description' | 'completed' | 'position'>>

/** A change: the members that are there, and no others. */
export type Patch = Partial<Draft>

export type Query = { completed?: boolean; limit?: number; count?: boolean }

export type Page = {
  todos: Todo[]
  /** Where the list goes on; null at its end. */
  next: string | null
  /** How many there are on all pages, if that was asked for. */
  total: number | null
  etag: string | null
}

/** The longest title, in code points. */
export const maxTitle = 1024

type Call = { method?: string; headers?: Record<string, string>; body?: Draft | Patch }

/**
 * TodosAPI speaks with the todo API as one user. Every method throws what
 * {@link Tokens.get} throws, and a {@link Problem} for what the API refuses.
 */
export class TodosAPI {
  readonly #base: string
  readonly #tokens: Tokens
  readonly #signal: AbortSignal

  /** signal ends all requests, those under way too. */
  constructor(base: string, tokens: Tokens, signal: AbortSignal) {
    this.#base = base
    this.#tokens = tokens
    this.#signal = signal
  }

  /** The first page, newest first; null if the list is still the one with this etag. */
  async list(query: Query, etag?: string | null): Promise<Page | null> {
    const parameters = new URLSearchParams({ sort: '-position' })
    if (query.completed !== undefined) parameters.set('completed', String(query.completed))
    if (query.limit !== undefined) parameters.set('limit', String(query.limit))
    const headers: Record<string, string> = {}
    if (query.count) headers['Prefer'] = 'count=exact'
    if (etag) headers['If-None-Match'] = etag
    const response = await this.#call(`${this.#base}/todos?${parameters}`, { headers })
    return response.status === 304 ? null : readPage(response)
  }

  /** The page that {@link Page.next} leads to. */
  async more(next: string): Promise<Page> {
    return readPage(await this.#call(next))
  }

  async get(id: string): Promise<Todo> {
    return readTodo(await this.#call(this.#path(id)))
  }

  /** Creates a todo. With the same key it may be sent again and again, and creates one. */
  async create(draft: Draft, key: string): Promise<Todo> {
    const headers = { 'Idempotency-Key': key }
    return readTodo(await this.#call(`${this.#base}/todos`, { method: 'POST', headers, body: draft }))
  }

  /** Changes the todo if it still has the version (else a Problem with status 412). */
  async update(id: string, version: number, patch: Patch): Promise<Todo> {
    const headers = { 'If-Match': `"${version}"` }
    return readTodo(await this.#call(this.#path(id), { method: 'PATCH', headers, body: patch }))
  }

  /** Deletes the todo if it still has the version (else a Problem with status 412). */
  async remove(id: string, version: number): Promise<void> {
    await this.#call(this.#path(id), { method: 'DELETE', headers: { 'If-Match': `"${version}"` } })
  }

  #path(id: string): string {
    return `${this.#base}/todos/${encodeURIComponent(id)}`
  }

  /** A token that the API refuses is renewed once, and the request sent once more. */
  async #call(url: string, call: Call = {}): Promise<Response> {
    let response = await this.#send(url, call, await this.#tokens.get())
    if (response.status === 401) {
      response = await this.#send(url, call, await this.#tokens.get())
    }
    if (!response.ok && response.status !== 304) throw await Problem.from(response)
    return response
  }

  async #send(url: string, { method, headers, body }: Call, token: string): Promise<Response> {
    const fields: Record<string, string> = { ...headers, Authorization: `Bearer ${token}` }
    if (body !== undefined) {
      fields['Content-Type'] = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    }
    const response = await ask(url, {
      method: method ?? 'GET',
      headers: fields,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal: this.#signal,
    })
    if (response.status === 401) this.#tokens.refuse(token)
    return response
  }
}

async function readTodo(response: Response): Promise<Todo> {
  const body = await readJSON(response)
  if (!isTodo(body)) throw new Unexpected('the answer is no todo')
  return body
}

async function readPage(response: Response): Promise<Page> {
  const body = await readJSON(response)
  if (!Array.isArray(body) || !body.every(isTodo)) throw new Unexpected('the answer is no list of todos')
  const total = response.headers.get('X-Total-Count')
  return {
    todos: body,
    next: nextLink(response),
    total: total === null ? null : Number(total),
    etag: response.headers.get('ETag'),
  }
}

function isTodo(value: unknown): value is Todo {
  const todo = value as Todo | null
  return (
    typeof todo === 'object' &&
    todo !== null &&
    typeof todo.id === 'string' &&
    typeof todo.title === 'string' &&
    typeof todo.completed === 'boolean' &&
    typeof todo.position === 'number' &&
    typeof todo.version === 'number'
  )
}

/** The target of rel="next". The token goes there, so it must be on the server that sent it. */
function nextLink(response: Response): string | null {
  for (const link of (response.headers.get('Link') ?? '').split(/,\s*(?=<)/)) {
    const target = /^<([^>]*)>.*;\s*rel="?next"?/i.exec(link)?.[1]
    if (target === undefined) continue
    const url = new URL(target, response.url)
    if (url.origin !== new URL(response.url).origin) throw new Unexpected('the list goes on elsewhere')
    return url.href
  }
  return null
}
