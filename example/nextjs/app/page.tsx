import type { Metadata } from 'next'
import { redirect } from 'next/navigation'

import { TodoPage } from '@/components/todo-page'
import { currentUser } from '@/lib/session'
import { apiURL } from '@/lib/settings'
import type { Filter } from '@/lib/store'

export const metadata: Metadata = { title: 'Todos' }

type Props = { searchParams: Promise<{ show?: string | string[] }> }

export default async function Page({ searchParams }: Props) {
  const user = await currentUser()
  if (user === null) redirect('/sign-in')
  const { show } = await searchParams
  const filter: Filter = show === 'active' || show === 'done' ? show : 'all'
  return <TodoPage key={user.id} user={user} apiURL={apiURL()} initialFilter={filter} />
}
