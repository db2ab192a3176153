import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'

import '@fontsource-variable/instrument-sans/wght.css'
import './globals.css'

// Every page carries the nonce of its request; one made at build time has none.
export const dynamic = 'force-dynamic'

export const metadata: Metadata = {
  title: { default: 'authtodo', template: '%s · authtodo' },
  description: 'A list of todos that is yours alone.',
  robots: { index: false },
}

export const viewport: Viewport = {
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f7f5f1' },
    { media: '(prefers-color-scheme: dark)', color: '#151614' },
  ],
}

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
