'use client'

import Link from 'next/link'
import { useEffect, useId, useRef, useState, useSyncExternalStore, type FormEvent } from 'react'

import { Wordmark } from '@/components/wordmark'
import { announce, authClient, onAnnouncement } from '@/lib/auth-client'

type Kind = 'sign-in' | 'sign-up'
type Name = 'name' | 'email' | 'password'
type Faults = Partial<Record<Name | 'form', string>>

const words = {
  'sign-in': {
    title: 'Welcome back',
    lead: 'Sign in to see your list.',
    button: 'Sign in',
    busy: 'Signing in…',
    other: 'New here?',
    link: 'Make an account',
    to: '/sign-up',
  },
  'sign-up': {
    title: 'Make an account',
    lead: 'An address and a password are all it takes.',
    button: 'Sign up',
    busy: 'Making it…',
    other: 'Have an account?',
    link: 'Sign in',
    to: '/sign-in',
  },
} as const

const noChange = () => () => {}

export function AuthPage({ kind, ended = false }: { kind: Kind; ended?: boolean }) {
  const text = words[kind]
  const form = useRef<HTMLFormElement>(null)
  const [faults, setFaults] = useState<Faults>({})
  const [busy, setBusy] = useState(false)
  const ready = useSyncExternalStore(noChange, () => true, () => false) // before that nothing would answer the button

  // Somebody has signed in in another tab: the server knows where to go.
  useEffect(() => onAnnouncement((news) => news === 'signed-in' && location.reload()), [])

  function show(found: Faults) {
    setFaults(found)
    const first = (['name', 'email', 'password'] as const).find((name) => found[name])
    if (first) form.current?.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus()
  }

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (busy) return
    const data = new FormData(event.currentTarget)
    const value = (name: Name) => String(data.get(name) ?? '')
    const entry = { name: value('name').trim(), email: value('email').trim(), password: value('password') }
    const found = check(kind, entry)
    show(found)
    if (Object.keys(found).length > 0) return
    setBusy(true)
    const refused = await send(kind, entry)
    if (refused !== null) {
      setBusy(false)
      show(refused)
      return
    }
    announce('signed-in')
    location.replace('/') // a new page: nothing of this one is left in memory or behind the back button
  }

  return (
    <div className="auth">
      <aside className="auth-side" aria-hidden="true">
        <Wordmark />
        <p className="auth-line">Your list, and nobody else’s.</p>
        <ul className="auth-art">
          <li data-done>Return the library books</li>
          <li data-done>Call Grandma</li>
          <li>Plan the weekend</li>
        </ul>
      </aside>
      <main className="auth-main">
        <div className="auth-box">
          <Wordmark />
          {ended && (
            <p className="hint" role="status">
              Your session has ended. Sign in to go on.
            </p>
          )}
          <h1>{text.title}</h1>
          <p className="lead">{text.lead}</p>
          <form ref={form} method="post" noValidate onSubmit={(event) => void submit(event)}>
            {kind === 'sign-up' && <Field name="name" label="Name" autoComplete="name" fault={faults.name} />}
            <Field name="email" label="E-mail" type="email" autoComplete="username" fault={faults.email} />
            <Field
              name="password"
              label="Password"
              type="password"
              autoComplete={kind === 'sign-in' ? 'current-password' : 'new-password'}
              help={kind === 'sign-up' ? '8 characters or more' : undefined}
              fault={faults.password}
            />
            <p className="form-fault" role="alert">
              {faults.form}
            </p>
            <button className="button" type="submit" disabled={!ready} aria-disabled={busy}>
              {busy ? text.busy : text.button}
            </button>
          </form>
          <p className="other">
            {text.other} <Link href={text.to}>{text.link}</Link>
          </p>
          <noscript>
            <p className="hint">This app needs JavaScript.</p>
          </noscript>
        </div>
      </main>
    </div>
  )
}

type FieldProps = {
  name: Name
  label: string
  type?: string
  autoComplete: string
  help?: string | undefined
  fault: string | undefined
}

function Field({ name, label, type = 'text', autoComplete, help, fault }: FieldProps) {
  const id = useId()
  const [shown, setShown] = useState(false)
  const secret = type === 'password'
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="field-box">
        <input
          id={id}
          name={name}
          type={secret && shown ? 'text' : type}
          autoComplete={autoComplete}
          autoCapitalize={name === 'name' ? 'words' : 'none'}
          spellCheck={false}
          aria-invalid={fault !== undefined}
          aria-describedby={fault || help ? `${id}-note` : undefined}
        />
        {secret && (
          <button
            className="reveal"
            type="button"
            aria-pressed={shown}
            aria-label="Show password"
            onClick={() => setShown(!shown)}
          >
            {shown ? 'Hide' : 'Show'}
          </button>
        )}
      </div>
      {(fault || help) && (
        <p className="field-note" id={`${id}-note`} data-bad={fault !== undefined || undefined}>
          {fault ?? help}
        </p>
      )}
    </div>
  )
}

type Entry = Record<Name, string>

function check(kind: Kind, { name, email, password }: Entry): Faults {
  const faults: Faults = {}
  if (kind === 'sign-up' && name === '') faults.name = 'Tell us what to call you.'
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) faults.email = 'An e-mail address looks like ada@example.com.'
  if (password === '') faults.password = 'The password is missing.'
  else if (kind === 'sign-up' && password.length < 8) faults.password = 'A password has 8 characters or more.'
  return faults
}

/** Asks Better Auth; null if somebody is signed in now. */
async function send(kind: Kind, { name, email, password }: Entry): Promise<Faults | null> {
  try {
    const { error } =
      kind === 'sign-in'
        ? await authClient.signIn.email({ email, password })
        : await authClient.signUp.email({ name, email, password })
    return error === null ? null : explain(error)
  } catch {
    return { form: 'The sign-in service does not answer. Look at your connection, and try again.' }
  }
}

function explain({ code, message, status }: { code?: string | undefined; message?: string | undefined; status: number }): Faults {
  switch (code) {
    case 'INVALID_EMAIL_OR_PASSWORD':
      return { form: 'The address or the password is not right.' }
    case 'USER_ALREADY_EXISTS':
    case 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL':
      return { email: 'There is an account with this address. Sign in instead.' }
    case 'INVALID_EMAIL':
      return { email: 'An e-mail address looks like ada@example.com.' }
    case 'PASSWORD_TOO_SHORT':
      return { password: 'A password has 8 characters or more.' }
    case 'PASSWORD_TOO_LONG':
      return { password: 'A password has at most 128 characters.' }
    case 'INVALID_ORIGIN':
      return { form: 'This page is not at the address that BETTER_AUTH_URL names; localhost and 127.0.0.1 are two.' }
  }
  if (status === 429) return { form: 'Too many tries. Wait ten seconds, and try again.' }
  if (status >= 500) return { form: 'The sign-in service has a problem. Try again in a moment.' }
  return { form: message || 'That did not work. Try again.' }
}
