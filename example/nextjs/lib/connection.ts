import { Problem, Unreachable } from '@/lib/problem'

/** Why the page is waiting. */
export type Trouble = 'offline' | 'unreachable' | 'failing' | 'busy'

const firstPause = 1_000
const longestPause = 15_000

/**
 * Connection carries requests over times in which they cannot be answered: it
 * sends them again, later, until they are. The requests must bear that.
 *
 * During an outage all of them wait for one probe, so that a service which
 * comes back meets one request and not a crowd.
 */
export class Connection {
  readonly #probe: () => Promise<unknown>
  readonly #changed: () => void
  readonly #signal: AbortSignal
  #outage: Promise<void> | null = null
  readonly #pauses = new Set<() => void>()

  /** What is wrong now, if anything. */
  trouble: Trouble | null = null

  /** probe is a small request; changed is called after every change of trouble. */
  constructor(probe: () => Promise<unknown>, changed: () => void, signal: AbortSignal) {
    this.#probe = probe
    this.#changed = changed
    this.#signal = signal
  }

  /** What task gives, however long it takes; what it throws, unless that passes by itself. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    for (;;) {
      this.#signal.throwIfAborted()
      if (this.#outage !== null) await this.#outage
      try {
        return await task()
      } catch (error) {
        if (!passes(error)) throw error
        if (error instanceof Problem && error.inFlight) {
          await this.#pause(error.retryAfter ?? firstPause)
        } else {
          await this.#lost(error)
        }
      }
    }
  }

  /** Tries now instead of later: the network is back, or somebody has asked for it. */
  hurry(): void {
    for (const end of this.#pauses) end()
  }

  #lost(error: unknown): Promise<void> {
    this.#outage ??= this.#wait(error).finally(() => {
      this.#outage = null
      this.#say(null)
    })
    return this.#outage
  }

  async #wait(error: unknown): Promise<void> {
    for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
      this.#say(reason(error))
      const asked = error instanceof Problem ? (error.retryAfter ?? 0) : 0
      const spread = pause * (0.75 + Math.random() / 2) // not all clients at once
      await this.#pause(Math.max(asked, spread))
      try {
        await this.#probe()
        return
      } catch (again) {
        if (!passes(again)) return // the tasks themselves find out what it is
        error = again
      }
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    this.#signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        this.#signal.removeEventListener('abort', abort)
        this.#pauses.delete(end)
        resolve()
      }
      const abort = () => {
        clearTimeout(timer)
        this.#pauses.delete(end)
        reject(this.#signal.reason)
      }
      const timer = setTimeout(end, milliseconds)
      this.#pauses.add(end)
      this.#signal.addEventListener('abort', abort, { once: true })
    })
  }

  #say(trouble: Trouble | null): void {
    if (this.trouble === trouble) return
    this.trouble = trouble
    this.#changed()
  }
}

function passes(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Problem && error.passing)
}

function reason(error: unknown): Trouble {
  if (error instanceof Problem) return error.status === 429 ? 'busy' : 'failing'
  return navigator.onLine ? 'unreachable' : 'offline'
}
