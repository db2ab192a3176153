import { ask, Problem, readJSON, refusal, SignedOut, Unexpected, Unreachable, UserChanged } from '@/lib/problem'

/** A token is renewed so many milliseconds before it expires. */
const margin = 30_000

type Held = {
  token: string
  userId: string
  since: number // by this machine's clock
  life: number // by the server's: exp - iat, so the two clocks need not agree
}

/**
 * Tokens gets the access tokens of one user and keeps the newest in memory and
 * nowhere else: what is in localStorage any script of the page can take along.
 *
 * What it says about a token informs the page. It proves nothing: the todo API
 * alone checks signatures, and decides.
 */
export class Tokens {
  readonly #user: string
  readonly #closed = new AbortController()
  #held: Held | null = null
  #renewal: Promise<Held> | null = null

  /** user is whose page it is; tokens of anybody else are refused. */
  constructor(user: string) {
    this.#user = user
  }

  /**
   * A token that is good for a while. Callers that come while one is being
   * fetched wait for that one.
   *
   * Throws {@link SignedOut}, {@link UserChanged}, {@link Unreachable} or a {@link Problem}.
   */
  async get(): Promise<string> {
    this.#closed.signal.throwIfAborted()
    const held = this.#held
    if (held !== null && left(held) > Math.min(margin, held.life / 2)) return held.token
    try {
      return (await this.#renew()).token
    } catch (error) {
      // Early renewal is a courtesy: the old token serves to its end.
      const passing = error instanceof Unreachable || (error instanceof Problem && error.passing)
      if (passing && held !== null && this.#held === held && left(held) > 0) return held.token
      throw error
    }
  }

  /** Drops a token that the API has refused. If there is a newer one already, that one stays. */
  refuse(token: string): void {
    if (this.#held?.token === token) this.#held = null
  }

  /** Forgets everything, for good: at sign-out, and when the user has changed. */
  close(): void {
    this.#held = null
    this.#closed.abort(new SignedOut('signed out'))
  }

  /** Whether there is a token in memory that has not expired. */
  isAuthenticated(): boolean {
    return this.#held !== null && left(this.#held) > 0
  }

  /** Whose the token in memory is, if there is one. */
  userId(): string | null {
    return this.#held?.userId ?? null
  }

  #renew(): Promise<Held> {
    this.#renewal ??= this.#fetch().finally(() => {
      this.#renewal = null
    })
    return this.#renewal
  }

  async #fetch(): Promise<Held> {
    const since = Date.now()
    const signal = this.#closed.signal
    const response = await ask('/api/auth/token', { signal })
    if (response.status === 401) {
      this.#held = null
      throw new SignedOut('the session has ended')
    }
    if (!response.ok) throw await refusal(response)
    const body = await readJSON(response)
    signal.throwIfAborted() // it was closed while the answer was on its way
    const held = read(body, since)
    if (held.userId !== this.#user) {
      this.#held = null
      throw new UserChanged('somebody else has signed in')
    }
    this.#held = held
    return held
  }
}

/** Milliseconds until a token expires. A clock that was put back makes it expired: asking again is cheap. */
function left(held: Held): number {
  const age = Date.now() - held.since
  return age < 0 ? 0 : held.life - age
}

function read(body: unknown, since: number): Held {
  const token = (body as { token?: unknown } | null)?.token
  if (typeof token !== 'string') throw new Unexpected('the sign-in service gave no token')
  const { sub, exp, iat } = claims(token)
  if (typeof sub !== 'string' || typeof exp !== 'number') {
    throw new Unexpected('the token does not say whose it is or when it expires')
  }
  const from = typeof iat === 'number' ? iat * 1000 : since
  return { token, userId: sub, since, life: exp * 1000 - from }
}

/** What a JWT says, unchecked. */
function claims(token: string): Record<string, unknown> {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0))
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>
  } catch {
    // told below
  }
  throw new Unexpected('the sign-in service gave a token that is no JWT')
}
