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

/** from is the title that the edit began with. */
type Editing = { from: string; text: string; note: string | null; conflict: boolean }

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

  async function save({ from }: Editing, text: string, byKeyboard: boolean) {
    const wanted = text.trim()
    const wrong = faultOfTitle(wanted)
    if (wrong !== null) {
      // Leaving an empty field is no wish to have no title.
      setEditing(byKeyboard || wanted !== '' ? { from, text, note: wrong, conflict: false } : null)
      return
    }
    refocus.current = byKeyboard
    setEditing(null)
    if (wanted === row.title) return
    const edit = await store.rename(row.id, from, wanted)
    if (edit.kind === 'refused' && edit.reason) setEditing({ from, text, note: edit.reason, conflict: false })
    if (edit.kind === 'conflict') {
      const note = `It was changed elsewhere, to “${edit.theirs}”. Press Enter to replace that with yours, or Esc to keep it.`
      setEditing({ from: edit.theirs, text, note, conflict: true })
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
          save={(text, byKeyboard) => void save(editing, text, byKeyboard)}
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
          onClick={() => setEditing({ from: row.title, text: row.title, note: null, conflict: false })}
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
        // Leaving the field saves, but settles no conflict.
        onBlur={(event) => over.current || editing.conflict || save(event.target.value, false)}
      />
      <p className="field-note" id={`${id}-note`} role="alert" data-bad hidden={editing.note === null}>
        {editing.note}
      </p>
    </form>
  )
}
