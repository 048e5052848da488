/** What the pages of a sign-in decide, without a browser. */
import type { FactorsResponse, Way } from '@/api/generated'

/** Where to go on after a sign-in: a path of ours, or else the first page. */
export function destination(told: unknown): string {
  if (typeof told !== 'string' || !told.startsWith('/')) return '/'
  const read = new URL(told, 'https://portal.invalid')
  if (read.origin !== 'https://portal.invalid' || told.includes('\\')) return '/'
  return /^\/(sign-in|invitations|api)(\/|$)/.test(read.pathname) ? '/' : read.pathname + read.search + read.hash
}

/** The invitation that the fragment of a link holds, which no server gets to see; `` without one. */
export function invitationIn(hash: string): string {
  const told = hash.replace(/^#/, '')
  return /^[\w.~-]{8,200}$/.test(told) ? told : ''
}

/** An invitation as somebody pastes it: itself, or the link that holds it. */
export function pastedInvitation(text: string): string {
  const told = text.trim()
  const at = told.indexOf('#')
  return at < 0 ? told : invitationIn(told.slice(at))
}

/** A code as people copy it, without the spaces that apps show. */
export function plainCode(code: string): string {
  return code.replace(/\s+/g, '')
}

/** Those ways of a challenge that work here, the quickest first. */
export function waysHere(ways: readonly Way[], passkeys: boolean): Way[] {
  const order: Way[] = ['totp', 'passkey', 'recovery']
  return order.filter((way) => ways.includes(way) && (way !== 'passkey' || passkeys))
}

/** What proves anew who sits here: with the password a code where there is a second factor; a passkey alone. */
export function proofsOf(factors: FactorsResponse, passkeysHere: boolean): { password: boolean; codes: Way[]; passkey: boolean } {
  const codes: Way[] = []
  if (factors.totp_since !== null) codes.push('totp')
  if (factors.recovery_codes_left > 0) codes.push('recovery')
  const wanted = factors.totp_since !== null || factors.passkeys > 0
  return { password: factors.password, codes: wanted ? codes : [], passkey: factors.passkeys > 0 && passkeysHere }
}

/** What a provider's sign-in came to, as the fragment that `finishOidc` sends the browser to tells it. */
export interface Return {
  act: 'sign-in' | 'link' | 'step-up'
  provider: string
  /** Code of the problem; null where it went well. */
  refused: string | null
  reference: string | null
}

/** Reads it; null where it is none of ours. */
export function readReturn(hash: string): Return | null {
  const told = new URLSearchParams(hash.replace(/^#/, ''))
  const act = told.get('act')
  if (act !== 'sign-in' && act !== 'link' && act !== 'step-up') return null
  const word = (name: string): string | null => {
    const value = told.get(name)
    return value !== null && /^[\w-]{1,64}$/.test(value) ? value : null
  }
  return { act, provider: word('provider') ?? '', refused: told.has('refused') ? (word('refused') ?? 'unknown') : null, reference: word('reference') }
}

/** On which a window that a provider sent back tells the one that opened it. */
export const RETURNS = 'flotilla-returns'
const GO_ON = 'flotilla-go-on'

/** Keeps over a provider's pages where to go on. */
export function keepDestination(to: string): void {
  sessionStorage.setItem(GO_ON, to)
}

export function takeDestination(): string {
  const kept = sessionStorage.getItem(GO_ON)
  sessionStorage.removeItem(GO_ON)
  return destination(kept)
}
