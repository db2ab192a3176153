'use client'

import { useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'

import { Bin } from '@/components/icons'
import { faultOfTitle, type Row, type TodoStore } from '@/lib/store'

type Props = {
  row: Row
  store: TodoStore
  /** Whether there is an outage: then it is worth saying what is not saved. */
  troubled: boolean
  /** Notes where the focus is, before a row may go away with it. */
  remember: () => void
}

type Editing = { text: string; note: string | null }

export function TodoRow({ row, store, troubled, remember }: Props) {
  const id = useId()
  const title = useRef<HTMLButtonElement>(null)
  const [editing, setEditing] = useState<Editing | null>(null)
  const refocus = useRef(false)

  // After an edit by keyboard the focus is where it was before.
  useEffect(() => {
    if (editing === null && refocus.current) title.current?.focus()
    refocus.current = false
  }, [editing])

  async function save(text: string, byKeyboard: boolean) {
    const wanted = text.trim()
    const wrong = faultOfTitle(wanted)
    if (wrong !== null) {
      // Leaving an empty field is no wish to have no title.
      setEditing(byKeyboard || wanted !== '' ? { text, note: wrong } : null)
      return
    }
    refocus.current = byKeyboard
    setEditing(null)
    if (wanted === row.title) return
    const edit = await store.rename(row.id, wanted)
    if (edit.kind === 'refused' && edit.reason) setEditing({ text, note: edit.reason })
    if (edit.kind === 'conflict') {
      setEditing({ text, note: `It was changed elsewhere, to “${edit.theirs}”. Enter puts yours there, Esc leaves it.` })
    }
  }

  return (
    <li className="row" data-done={row.completed || undefined} data-pending={row.pending || undefined}>
      <input
        className="tick"
        type="checkbox"
        data-part="tick"
        checked={row.completed}
        disabled={row.draft}
        aria-label={row.title}
        onChange={(event) => {
          remember()
          void store.toggle(row.id, event.target.checked)
        }}
      />
      {editing !== null ? (
        <Editor
          editing={editing}
          was={row.title}
          save={(text, byKeyboard) => void save(text, byKeyboard)}
          cancel={() => {
            refocus.current = true
            setEditing(null)
          }}
        />
      ) : (
        <button
          ref={title}
          className="title"
          type="button"
          data-part="title"
          disabled={row.draft}
          aria-describedby={`${id}-edit`}
          onClick={() => setEditing({ text: row.title, note: null })}
        >
          <span dir="auto">{row.title}</span>
          {row.pending && troubled && <small>not saved yet</small>}
        </button>
      )}
      <span className="unseen" id={`${id}-edit`}>
        edit
      </span>
      <button
        className="delete"
        type="button"
        data-part="delete"
        disabled={row.draft}
        aria-label={`Delete ${row.title}`}
        onClick={() => {
          remember()
          void store.remove(row.id)
        }}
      >
        <Bin />
      </button>
    </li>
  )
}

type EditorProps = {
  editing: Editing
  was: string
  save: (text: string, byKeyboard: boolean) => void
  cancel: () => void
}

function Editor({ editing, was, save, cancel }: EditorProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const over = useRef(false) // Enter and Esc take the field away, which is a blur too

  useEffect(() => {
    over.current = false
    input.current?.focus()
  }, [editing])
  useEffect(() => input.current?.select(), [])

  function submit(event: FormEvent) {
    event.preventDefault()
    over.current = true
    save(input.current?.value ?? '', true)
  }

  function key(event: KeyboardEvent) {
    if (event.key !== 'Escape') return
    over.current = true
    cancel()
  }

  return (
    <form className="editor" onSubmit={submit}>
      <input
        ref={input}
        name="edit"
        defaultValue={editing.text}
        aria-label={`Title of ${was}`}
        aria-invalid={editing.note !== null}
        aria-describedby={`${id}-note`}
        autoComplete="off"
        enterKeyHint="done"
        dir="auto"
        onKeyDown={key}
        onBlur={(event) => over.current || save(event.target.value, false)}
      />
      <p className="field-note" id={`${id}-note`} role="alert" data-bad hidden={editing.note === null}>
        {editing.note}
      </p>
    </form>
  )
}
