import { createTodos, type TodoCreate, type Todos } from 'authtodo'

import type { Tokens } from '@/lib/token'

/** What a new todo may have. */
export type Draft = Pick<TodoCreate, 'title' | 'description' | 'completed' | 'position'>

/** A change: the members that are there, and no others. */
export type Patch = Partial<Draft>

/** The longest title, in code points. */
export const maxTitle = 1024

/**
 * The todos of the user whose tokens these are. Requests that are not answered
 * are sent again by {@link Connection}, which says so, and not by the client.
 */
export function todosOf(baseURL: string, tokens: Tokens): Todos {
  const token = ({ refused }: { refused: string | null }) => {
    if (refused !== null) tokens.refuse(refused)
    return tokens.get()
  }
  const fetch: typeof globalThis.fetch = (url, init) =>
    globalThis.fetch(url, { ...init, cache: 'no-store', referrerPolicy: 'no-referrer' })
  return createTodos({ baseURL, token, retries: 0, fetch })
}
