import { auth } from '@/lib/auth'

/** Better Auth's own endpoints: sign-up, sign-in, sign-out, tokens and the key set. */
async function answer(request: Request): Promise<Response> {
  return (await auth()).handler(request)
}

export { answer as GET, answer as POST }
