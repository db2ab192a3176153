import type { ReactNode } from 'react'

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      {children}
    </svg>
  )
}

export const Plus = () => (
  <Icon>
    <path d="M12 5v14M5 12h14" />
  </Icon>
)

export const Cross = () => (
  <Icon>
    <path d="m6.5 6.5 11 11m0-11-11 11" />
  </Icon>
)

export const Bin = () => (
  <Icon>
    <path d="M4.5 7h15M10 7V4.5h4V7m3.5 0-.8 12.5H7.3L6.5 7M10 11v5m4-5v5" />
  </Icon>
)

export const Unplugged = () => (
  <Icon>
    <path d="M4 4l16 16M8.5 16.5a5 5 0 0 1 5.6-1M5.5 13a9.5 9.5 0 0 1 4.6-2.5M2.5 9.5a14 14 0 0 1 4-2.6M11 6a14 14 0 0 1 10.5 3.5M15.2 11.2A9.5 9.5 0 0 1 18.5 13M12 19.5h.01" />
  </Icon>
)
