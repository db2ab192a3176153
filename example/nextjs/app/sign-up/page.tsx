import type { Metadata } from 'next'

import { AuthPage } from '@/components/auth-page'
import { forGuests } from '@/lib/session'

export const metadata: Metadata = { title: 'Sign up' }

export default async function Page() {
  await forGuests()
  return <AuthPage kind="sign-up" />
}
