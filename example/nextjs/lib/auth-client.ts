import { createAuthClient } from 'better-auth/react'

/** Sign-up, sign-in and sign-out; the session is an HttpOnly cookie that no script reads. */
export const authClient = createAuthClient()

type News = 'signed-in' | 'signed-out'
type Message = { news: News; from: string }

const channelName = 'authtodo-session'
const here = crypto.randomUUID() // a channel brings a tab its own messages, too

/** Tells the other tabs of this browser, which share the cookie. */
export function announce(news: News): void {
  const channel = new BroadcastChannel(channelName)
  channel.postMessage({ news, from: here } satisfies Message)
  channel.close()
}

/** Calls back when another tab signs in or out; the result ends that. */
export function onAnnouncement(callback: (news: News) => void): () => void {
  const channel = new BroadcastChannel(channelName)
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.from !== here) callback(data.news)
  }
  return () => channel.close()
}
