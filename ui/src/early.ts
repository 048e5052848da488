/**
 * What every visit begins with, asked before the portal's code is there: the next token, who is signed in, the stream.
 * A plain script of its own, the first of the page; it imports nothing, and `api/begun` takes over what it began. What
 * does not come of it well is asked for again there: nothing hangs on this but time. The token is in memory alone.
 */
import type { Answer, Begun } from './api/begun'

{
  const WAITS_MS = 30_000
  const isBare = /^\/(sign-in|invitations)(\/|$)/.test(location.pathname)

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> =>
    'locks' in navigator ? await navigator.locks.request('flotilla-refresh', work) : await work()

  const begin = (): Begun => {
    const answers = new Map<string, Answer>()
    const ask = (path: string, token: string) => {
      const controller = new AbortController()
      const answer = fetch(path, { headers: { Authorization: `Bearer ${token}` }, signal: controller.signal })
      answer.catch(() => undefined)
      answers.set(path, { token, answer, controller })
      // What nobody wanted is not left open.
      setTimeout(() => answers.delete(path) && controller.abort(), WAITS_MS)
    }
    const refreshed = inTurn(async () => {
      // A page that is left at once still gets the next cookie: the last one is spent, and would end the sign-in.
      const answer = await fetch('/api/v1/auth/refresh', { method: 'POST', keepalive: true })
      if (answer.ok) {
        const { access_token: token } = (await answer.clone().json()) as { access_token: string }
        ask('/api/v1/portfolio/stream?changes=true', token)
        ask('/api/v1/auth/me', token)
      }
      return answer
    })
    refreshed.catch(() => undefined)
    return { refreshed, answers }
  }

  if (!isBare && localStorage.getItem('flotilla.signed-in') !== null) globalThis.flotillaBegun = begin()
}
