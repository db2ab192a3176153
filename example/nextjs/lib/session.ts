import { headers } from 'next/headers'
import { redirect } from 'next/navigation'

import { auth } from '@/lib/auth'

export type User = { id: string; name: string; email: string }

/** Whose session the request carries, if any. */
export async function currentUser(): Promise<User | null> {
  const fields = await headers() // first, for it tells Next.js that the answer cannot be made at build time
  const found = await (await auth()).api.getSession({ headers: fields })
  if (found === null) return null
  const { id, name, email } = found.user
  return { id, name, email }
}

/** Sends people who are signed in to their list. */
export async function forGuests(): Promise<void> {
  if ((await currentUser()) !== null) redirect('/')
}
