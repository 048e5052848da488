/**
 * How requests leave this tab. The access token lives here, in memory alone; the browser keeps the refresh token in a
 * cookie that scripts cannot read. A token that ran out is renewed once, by one tab at a time, and the request is sent
 * again: a 401 means that nothing was done. So does a 403 that asks for a fresh proof of who sits here.
 */
import { takeAnswer, takeRefresh } from './begun'
import { Problem, problemOf } from './problem'

const RENEW_BEFORE_MS = 30_000
/** Remembers, without any secret, that the browser may hold a refresh cookie: without it nothing is asked in vain. */
const SIGNED_IN = 'flotilla.signed-in'

let token: string | null = null
/** Whose requests this tab sends; null before the first, and after a sign-in ended. */
let holder: string | null = null
let expiresAt = 0
let renewing: Promise<boolean> | null = null
const ended = new Set<() => void>()
let prove: () => Promise<boolean> = () => Promise.resolve(false)

interface Issued {
  access_token: string
  expires_in: number
}

/** Keeps what a sign-in issued. */
export function accept(issued: Issued): void {
  token = issued.access_token
  holder = subjectOf(token)
  expiresAt = Date.now() + issued.expires_in * 1000
  localStorage.setItem(SIGNED_IN, '1')
}

/** Forgets the sign-in of this tab. */
export function forget(): void {
  drop()
  localStorage.removeItem(SIGNED_IN)
}

function drop(): void {
  token = null
  holder = null
  expiresAt = 0
}

/** Whom a token is of; null where it does not say. Only told apart by it: the server judges tokens. */
function subjectOf(jwt: string): string | null {
  try {
    const claims = JSON.parse(atob((jwt.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as { sub?: unknown }
    return typeof claims.sub === 'string' ? claims.sub : null
  } catch {
    return null
  }
}

/** The browser was signed in past this page, by a provider that sent it here: the next `renew` asks. */
export function expectSignIn(): void {
  localStorage.setItem(SIGNED_IN, '1')
}

/** Called when a sign-in turned out to be over. */
export function onEnded(told: () => void): void {
  ended.add(told)
}

/** What asks who sits here for a proof of it; it answers whether one was given. */
export function proveWith(asking: () => Promise<boolean>): void {
  prove = asking
}

/** A token that is good for a while; null where nobody is signed in. Raises Problem where the server cannot say. */
export async function currentToken(): Promise<string | null> {
  if (token !== null && Date.now() < expiresAt - RENEW_BEFORE_MS) return token
  return (await renew()) ? token : null
}

/** Takes the next token by the cookie; false where there is no sign-in any more. */
export function renew(): Promise<boolean> {
  renewing ??= takeOrAsk().finally(() => {
    renewing = null
  })
  return renewing
}

/** What was asked before this code was there took its turn by itself. */
async function takeOrAsk(): Promise<boolean> {
  const begun = await takeRefresh()
  return begun === null ? one(askForToken) : take(begun)
}

/** `fetch` with the sign-in. Raises Problem (`unreachable`) where no answer came. */
export async function authorised(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init)
  if (isSignIn(request.url)) return reach(request)
  const held = await currentToken()
  const answer = (await takeAnswer(request, held)) ?? (await reach(signed(request.clone(), held)))
  if (answer.status === 401 && held !== null && (await renew())) return reach(signed(request, token))
  if (answer.status === 403 && (await wantsProof(answer)) && (await prove())) return reach(signed(request, token))
  return answer
}

async function wantsProof(answer: Response): Promise<boolean> {
  return (await problemOf(answer.clone())).code === 'step_up_required'
}

const OPEN = ['/api/v1/auth/login', '/api/v1/auth/refresh', '/api/v1/auth/methods', '/api/v1/invitations/accept']

function isSignIn(url: string): boolean {
  const path = new URL(url, location.origin).pathname
  return OPEN.some((open) => path === open || path.startsWith(`${open}/`))
}

function signed(request: Request, held: string | null): Request {
  if (held !== null) request.headers.set('Authorization', `Bearer ${held}`)
  return request
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw Problem.unreachable()
  }
}

/** Tabs share the cookie: they take turns. */
async function one<T>(work: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? await navigator.locks.request('flotilla-refresh', work) : await work()
}

async function askForToken(): Promise<boolean> {
  if (localStorage.getItem(SIGNED_IN) === null) return false
  return take(await reach(new Request('/api/v1/auth/refresh', { method: 'POST', keepalive: true })))
}

async function take(answer: Response): Promise<boolean> {
  if (answer.ok) {
    const issued = (await answer.json()) as Issued
    if (holder !== null && subjectOf(issued.access_token) !== holder) {
      // Somebody else signed in in another tab: nothing that this one has begun is done in his name.
      drop()
      ended.forEach((told) => told())
      return false
    }
    accept(issued)
    return true
  }
  if (answer.status !== 401) throw await problemOf(answer)
  const had = token !== null
  forget()
  if (had) ended.forEach((told) => told())
  return false
}
