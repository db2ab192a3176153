// What the environment says, read when the server answers and not when it is
// built: one build serves any address. Next.js puts the value of a variable
// called NEXT_PUBLIC_… into the build wherever it is written as
// process.env.NAME, so it is not written like that here.
const env: Record<string, string | undefined> = process.env

/** Where the todo API is, as the browser reaches it; no slash at its end. */
export function apiURL(): string {
  const text = env['NEXT_PUBLIC_API_URL'] || 'http://localhost:8080/api'
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new Error(`NEXT_PUBLIC_API_URL must be a URL such as http://localhost:8080/api, not "${text}"`)
  }
  return text.replace(/\/+$/, '')
}

/** Where this app is, as the browser and the todo API reach it. */
export function appURL(): string {
  return env['BETTER_AUTH_URL'] || 'http://localhost:3000'
}

/** The secret that sessions and stored keys hang on. */
export function authSecret(): string {
  const secret = env['BETTER_AUTH_SECRET'] ?? ''
  if (secret.length < 32) {
    throw new Error(
      'BETTER_AUTH_SECRET is missing or shorter than 32 characters: ' +
        '"npm run dev:all" makes one, or put the output of "openssl rand -base64 32" into .env.local',
    )
  }
  return secret
}

/** The file that accounts, sessions and keys are kept in. */
export function authDatabase(): string {
  return env['AUTH_DATABASE'] || 'data/auth.db'
}

/** How long a token is good, such as "15m". It must be text: a number would be a date. */
export function tokenLife(): string {
  return env['AUTH_TOKEN_LIFE'] || '15m'
}
