import { mkdirSync, openSync, closeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { jwt } from 'better-auth/plugins'
import { SqliteDialect } from 'kysely'
import Database from 'libsql'

import { appURL, authDatabase, authSecret, tokenLife } from '@/lib/settings'

function open(file: string) {
  const path = resolve(/* turbopackIgnore: true */ process.cwd(), file)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600)) // SQLite would make it readable for everybody
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  db.pragma('busy_timeout = 5000')
  // Better Auth would take the connection itself for a wrapper, since it has a member "db".
  return { dialect: new SqliteDialect({ database: db }), type: 'sqlite' as const, transaction: true }
}

async function create() {
  const auth = betterAuth({
    appName: 'authtodo',
    baseURL: appURL(), // iss and aud of the tokens; without it the Host field of a request would choose them
    secret: authSecret(),
    database: open(authDatabase()),
    emailAndPassword: { enabled: true },
    plugins: [
      jwt({
        jwt: {
          expirationTime: tokenLife(),
          // The API wants to know who it is, not the whole account; sub is added.
          definePayload: ({ user }) => ({ email: user.email }),
        },
      }),
    ],
    telemetry: { enabled: false },
  })
  const { runMigrations } = await getMigrations(auth.options)
  await runMigrations()
  return auth
}

// One for the process: in development this module is loaded again after every
// change.
const kept = globalThis as typeof globalThis & { authtodoAuth?: ReturnType<typeof create> | undefined }

/** The auth server. It is made at the first request, so that a build needs neither secret nor database. */
export function auth() {
  kept.authtodoAuth ??= create().catch((error: unknown) => {
    kept.authtodoAuth = undefined // the next request tries again
    throw error
  })
  return kept.authtodoAuth
}
