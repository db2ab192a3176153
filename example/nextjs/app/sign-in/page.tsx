import type { Metadata } from 'next'

import { AuthPage } from '@/components/auth-page'
import { forGuests } from '@/lib/session'

export const metadata: Metadata = { title: 'Sign in' }

type Props = { searchParams: Promise<{ ended?: string | string[] }> }

export default async function Page({ searchParams }: Props) {
  await forGuests()
  return <AuthPage kind="sign-in" ended={(await searchParams).ended !== undefined} />
}
