'use client'

import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore, type FormEvent } from 'react'

import { Cross, Plus, Unplugged } from '@/components/icons'
import { TodoRow } from '@/components/todo-row'
import { Wordmark } from '@/components/wordmark'
import { announce, authClient, onAnnouncement } from '@/lib/auth-client'
import type { Trouble } from '@/lib/connection'
import { faultOfTitle, TodoStore, type Filter, type View } from '@/lib/store'

type User = { id: string; name: string; email: string }
type Props = { user: User; apiURL: string; initialFilter: Filter }

const filters: [Filter, string][] = [
  ['all', 'All'],
  ['active', 'Active'],
  ['done', 'Done'],
]

export function TodoPage({ user, apiURL, initialFilter }: Props) {
  const [store] = useState(() => new TodoStore(apiURL, user.id, initialFilter))
  const view = useSyncExternalStore(store.subscribe, store.view, store.view)
  const [leaving, setLeaving] = useState(false)
  const [stay, setStay] = useState<string | null>(null)
  useLife(store, view)

  async function signOut() {
    if (leaving) return
    if (view.unsaved > 0 && !confirm('Some changes are not saved yet. Sign out and lose them?')) return
    setLeaving(true)
    setStay(null)
    const { error } = await authClient.signOut().catch(() => ({ error: true }))
    if (error) {
      setLeaving(false)
      setStay('You are still signed in: the sign-in service does not answer. Try again in a moment.')
      return
    }
    leave(store, '/sign-in')
  }

  return (
    <div className="app">
      <header className="bar">
        <Wordmark />
        <span className="who" title={user.email}>
          {user.email}
        </span>
        <button className="quiet" type="button" onClick={() => void signOut()} aria-disabled={leaving}>
          {leaving ? 'Signing out…' : 'Sign out'}
        </button>
      </header>
      <main className="todos">
        <div className="head">
          <div>
            <h1 dir="auto">{user.name}’s todos</h1>
            <p className="count">{count(view)}</p>
          </div>
          <Filters chosen={view.filter} choose={(filter) => choose(store, filter)} />
        </div>
        <Banner view={view} retry={() => store.hurry()} />
        <p className="hint" role="alert" hidden={stay === null}>
          {stay}
        </p>
        <section className="card" aria-label="Todos">
          <Composer store={store} />
          <List store={store} view={view} />
        </section>
        <Notice store={store} view={view} />
      </main>
    </div>
  )
}

/** What goes on beside what people do: loading, other tabs, coming back, leaving. */
function useLife(store: TodoStore, view: View) {
  const unsaved = view.unsaved > 0

  useEffect(() => {
    void store.refresh()
    const back = () => {
      if (document.visibilityState !== 'visible') return
      store.hurry()
      void store.refresh()
    }
    // A page that the browser has kept whole and shows again: the session may
    // have ended since.
    const shown = (event: PageTransitionEvent) => {
      if (event.persisted) location.reload()
    }
    const stop = onAnnouncement(() => leave(store, null))
    document.addEventListener('visibilitychange', back)
    window.addEventListener('online', back)
    window.addEventListener('pageshow', shown)
    return () => {
      stop()
      document.removeEventListener('visibilitychange', back)
      window.removeEventListener('online', back)
      window.removeEventListener('pageshow', shown)
    }
  }, [store])

  useEffect(() => {
    if (!unsaved) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [unsaved])

  useEffect(() => {
    if (view.end === 'signed-out') leave(store, '/sign-in?ended')
    if (view.end === 'user-changed') leave(store, null)
  }, [store, view.end])
}

/** Forgets everything and goes to another page, or asks the server for this one anew. */
function leave(store: TodoStore, to: string | null) {
  store.close()
  if (to === null) location.reload()
  else {
    announce('signed-out')
    location.replace(to)
  }
}

/** The filter is in the address, so that a reload keeps it. */
function choose(store: TodoStore, filter: Filter) {
  window.history.replaceState(null, '', filter === 'all' ? '/' : `/?show=${filter}`)
  store.show(filter)
}

function count({ open, loading, rows, filter }: View): string {
  if (open === null) return loading ? 'Loading…' : ''
  if (filter === 'all' && rows.length === 0) return 'Nothing on it yet'
  if (open === 0) return 'Nothing left to do'
  return open === 1 ? 'One thing to do' : `${open.toLocaleString('en')} things to do`
}

function Filters({ chosen, choose }: { chosen: Filter; choose: (filter: Filter) => void }) {
  return (
    <fieldset className="filters">
      <legend className="unseen">Show</legend>
      {filters.map(([filter, label]) => (
        <label key={filter}>
          <input
            type="radio"
            name="filter"
            value={filter}
            checked={filter === chosen}
            onChange={() => choose(filter)}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}

const waits = 'Changes wait in this tab and are saved as soon as'
const troubles: Record<Trouble, [string, string]> = {
  offline: ['You are offline.', `${waits} you are back.`],
  unreachable: ['The todo service does not answer.', `${waits} it does; until then, leave the tab open.`],
  failing: ['The todo service has a problem.', `${waits} it is well again; until then, leave the tab open.`],
  busy: ['The todo service has a lot to do.', `${waits} it has time.`],
}

/** The banner is always there for screen readers, which do not announce what appears with its text. */
function Banner({ view, retry }: { view: View; retry: () => void }) {
  return (
    <div className="banner" role="status" data-empty={view.trouble === null || undefined}>
      {view.trouble !== null && (
        <>
          <Unplugged />
          <p>
            <strong>{troubles[view.trouble][0]}</strong> {troubles[view.trouble][1]}
          </p>
          <button className="quiet" type="button" onClick={retry}>
            Try now
          </button>
        </>
      )}
    </div>
  )
}

function Composer({ store }: { store: TodoStore }) {
  const input = useRef<HTMLInputElement>(null)
  const [fault, setFault] = useState<string | null>(null)

  async function add(event: FormEvent) {
    event.preventDefault()
    const field = input.current
    if (!field) return
    const title = field.value.trim()
    const wrong = faultOfTitle(title)
    setFault(wrong)
    field.focus()
    if (wrong) return
    field.value = ''
    const refused = await store.create({ title })
    if (refused) {
      setFault(refused)
      if (field.value === '') field.value = title // nothing typed is lost
    }
  }

  return (
    <form className="composer" onSubmit={(event) => void add(event)}>
      <Plus />
      <input
        ref={input}
        name="title"
        aria-label="New todo"
        placeholder="What is to be done?"
        autoComplete="off"
        enterKeyHint="done"
        dir="auto"
        aria-invalid={fault !== null}
        aria-describedby="composer-fault"
        onChange={() => fault && setFault(null)}
      />
      <button className="button" type="submit">
        Add
      </button>
      <p className="field-note" id="composer-fault" role="alert" data-bad hidden={fault === null}>
        {fault}
      </p>
    </form>
  )
}

function List({ store, view }: { store: TodoStore; view: View }) {
  const list = useRef<HTMLUListElement>(null)
  const rows = view.rows

  // A row that goes away takes the focus with it; its neighbour gets it.
  const held = useRef<{ at: number; part: string } | null>(null)
  useLayoutEffect(() => {
    if (held.current !== null && document.activeElement === document.body) {
      const all = list.current?.querySelectorAll<HTMLElement>(`[data-part="${held.current.part}"]`) ?? []
      const next = all[Math.min(held.current.at, all.length - 1)]
      ;(next ?? document.querySelector<HTMLElement>('.composer input'))?.focus()
      held.current = null
    }
  }, [rows])
  const remember = () => {
    const part = (document.activeElement as HTMLElement | null)?.dataset['part']
    const item = document.activeElement?.closest('li')
    const at = item ? Array.from(list.current?.children ?? []).indexOf(item) : -1
    held.current = part && at >= 0 ? { at, part } : null
  }

  const failure = view.failure !== null && (
    <div className="empty" role="alert">
      <p>{view.failure}</p>
      <button className="quiet" type="button" onClick={() => void store.refresh()}>
        Try again
      </button>
    </div>
  )
  if (rows.length === 0) return failure || <Empty view={view} />
  return (
    <>
      {failure}
      <ul ref={list} className="rows" aria-busy={view.loading}>
        {rows.map((row) => (
          <TodoRow key={row.id} row={row} store={store} troubled={view.trouble !== null} remember={remember} />
        ))}
      </ul>
      {view.more && (
        <button className="more" type="button" onClick={() => void store.more()} aria-disabled={view.loadingMore}>
          {view.loadingMore ? 'Loading…' : 'Show more'}
        </button>
      )}
    </>
  )
}

function Empty({ view }: { view: View }) {
  if (view.trouble !== null) {
    return <p className="empty">What you have is shown here as soon as the service answers.</p>
  }
  if (view.loading || (view.open === null && view.rows.length === 0)) {
    return (
      <div className="bones" role="img" aria-label="Loading your todos">
        <i />
        <i />
        <i />
      </div>
    )
  }
  const text = {
    all: 'A clean page. Write down the first thing above.',
    active: 'Nothing left to do.',
    done: 'Nothing is done yet. It will be.',
  }[view.filter]
  return <p className="empty">{text}</p>
}

/** Says what has happened, to screen readers too, and brings back what was deleted. */
function Notice({ store, view }: { store: TodoStore; view: View }) {
  const notice = view.notice
  const loud = notice !== null && (notice.undo !== null || notice.tone === 'bad')
  return (
    <>
      <div className="unseen" role="status">
        {notice && <p key={notice.number}>{notice.text}</p>}
      </div>
      {loud && (
        <div className="notice" data-tone={notice.tone}>
          <p dir="auto">{notice.text}</p>
          {notice.undo && (
            <button className="quiet" type="button" onClick={notice.undo}>
              Undo
            </button>
          )}
          <button className="cross" type="button" aria-label="Dismiss" onClick={() => store.dismiss()}>
            <Cross />
          </button>
        </div>
      )}
    </>
  )
}
