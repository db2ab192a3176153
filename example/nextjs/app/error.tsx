'use client'

import { Wordmark } from '@/components/wordmark'

export default function Failure() {
  return (
    <main className="plain">
      <Wordmark />
      <h1>This page could not be made</h1>
      <p>The reason is in the output of the server. When it is gone, try again.</p>
      <button className="button" type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  )
}
