/** One thing that is wrong with a request, and where. */
export type Fault = {
  pointer?: string
  parameter?: string
  header?: string
  code: string
  detail: string
}

/** What a server answered instead of what it was asked for: an RFC 9457 problem document. */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    readonly status: number,
    readonly type: string,
    readonly title: string,
    readonly detail: string,
    readonly errorCode: string,
    /** Names the occurrence in the service's log. */
    readonly instance: string,
    readonly faults: Fault[],
    /** Milliseconds that the server asks to wait. */
    readonly retryAfter: number | null,
  ) {
    super(detail || title)
  }

  /** Reads a response that is no success. It takes anything: proxies answer in HTML. */
  static async from(response: Response): Promise<Problem> {
    let body: Record<string, unknown> = {}
    if (/[/+]json\b/.test(response.headers.get('Content-Type') ?? '')) {
      const parsed: unknown = await response.json().catch(() => null)
      if (typeof parsed === 'object' && parsed !== null) body = parsed as Record<string, unknown>
    }
    const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '')
    return new Problem(
      response.status,
      text('type') || 'about:blank',
      text('title') || response.statusText || `Status ${response.status}`,
      text('detail') || text('message'), // Better Auth's errors have a message
      text('error_code') || text('code'),
      text('instance'),
      Array.isArray(body['errors']) ? (body['errors'] as Fault[]) : [],
      retryAfter(response.headers),
    )
  }

  /** Whether the same request may well succeed later, with nothing changed. */
  get passing(): boolean {
    return [408, 425, 429, 502, 503, 504].includes(this.status) || this.inFlight
  }

  /** Whether an earlier try of the same request has not ended yet. */
  get inFlight(): boolean {
    return this.type === 'urn:authtodo:problem:idempotency-key-in-flight'
  }
}

function retryAfter(headers: Headers): number | null {
  const value = headers.get('Retry-After') ?? headers.get('X-Retry-After') // the latter is Better Auth's
  if (value === null) return null
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now())
}

/** Nobody answered: no network, no server, or no permission (CORS), which scripts cannot tell apart. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

/** There is no session any more; only signing in helps. */
export class SignedOut extends Error {
  override readonly name = 'SignedOut'
}

/** The session is somebody else's than the page was made for. */
export class UserChanged extends Error {
  override readonly name = 'UserChanged'
}

/** What answered is not the todo API. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
}

/** The JSON of an answer. A connection that breaks on the way is no answer. */
export async function readJSON(response: Response): Promise<unknown> {
  let text: string
  try {
    text = await response.text()
  } catch (error) {
    throw new Unreachable('half an answer', { cause: error })
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Unexpected('the answer is not JSON', { cause: error })
  }
}

const patience = 15_000

/** fetch that throws {@link Unreachable} when there is no answer, and gives up after a while. */
export async function ask(url: string | URL, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
  try {
    return await fetch(url, {
      cache: 'no-store',
      redirect: 'error',
      ...init,
      signal: AbortSignal.any([init.signal, AbortSignal.timeout(patience)]),
    })
  } catch (error) {
    init.signal.throwIfAborted()
    throw new Unreachable('no answer', { cause: error })
  }
}
