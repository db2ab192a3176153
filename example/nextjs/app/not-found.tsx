import Link from 'next/link'

import { Wordmark } from '@/components/wordmark'

export default function NotFound() {
  return (
    <main className="plain">
      <Wordmark />
      <h1>There is nothing here</h1>
      <p>The address is not one of this app.</p>
      <Link className="button" href="/">
        To your todos
      </Link>
    </main>
  )
}
