import { NetworkError as Unreachable, Problem, UnexpectedAnswer as Unexpected } from 'authtodo'

export { Problem, Unexpected, Unreachable }

/** What Better Auth has refused, as a {@link Problem}. It takes anything: proxies answer in HTML. */
export async function refusal(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null)
  const { message, code } = (body ?? {}) as { message?: unknown; code?: unknown }
  const seconds = response.headers.get('Retry-After') ?? response.headers.get('X-Retry-After')
  return new Problem({
    status: response.status,
    title: response.statusText,
    detail: typeof message === 'string' ? message : '',
    error_code: typeof code === 'string' ? code : null,
    retryAfter: seconds !== null && /^\d+$/.test(seconds) ? Number(seconds) * 1000 : null,
  })
}

/** There is no session any more; only signing in helps. */
export class SignedOut extends Error {
  override readonly name = 'SignedOut'
}

/** The session is somebody else's than the page was made for. */
export class UserChanged extends Error {
  override readonly name = 'UserChanged'
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
