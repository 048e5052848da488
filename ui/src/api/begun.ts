/** What `early.ts` asked before this code was there. Each answer is taken once, and what did not go well is no answer. */

export interface Answer {
  /** With which it was asked. */
  token: string
  answer: Promise<Response>
  controller: AbortController
}

export interface Begun {
  refreshed: Promise<Response>
  /** By path and query. */
  answers: Map<string, Answer>
}

declare global {
  var flotillaBegun: Begun | undefined
}

let refreshTaken = false

/** The answer to the refresh; null where none was asked, or none came. */
export async function takeRefresh(): Promise<Response | null> {
  if (refreshTaken) return null
  refreshTaken = true
  try {
    return (await globalThis.flotillaBegun?.refreshed) ?? null
  } catch {
    return null
  }
}

/** The good answer to this request, where it was asked with the same token. What aborts the request aborts it, too. */
export async function takeAnswer(request: Request, token: string | null): Promise<Response | null> {
  const { pathname, search } = new URL(request.url, location.origin)
  const answers = globalThis.flotillaBegun?.answers
  const found = answers?.get(pathname + search)
  if (found === undefined || request.method !== 'GET' || request.headers.has('Last-Event-ID')) return null
  answers?.delete(pathname + search)
  const end = () => found.controller.abort()
  if (found.token === token && !request.signal.aborted) {
    request.signal.addEventListener('abort', end, { once: true })
    const answer = await found.answer.catch(() => null)
    if (answer?.ok) return answer
  }
  end()
  return null
}
