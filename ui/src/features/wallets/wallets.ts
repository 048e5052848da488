/** What a wallet's figures mean. Amounts are decimal strings, exact. Pure. */
import type { AccountResponse, PostingResponse, TransactionResponse, WalletResponse } from '@/api/generated'
import { asProblem } from '@/api/problem'
import { difference } from '@/features/fleet/money'

export type Trading = 'dry_run' | 'paper_live' | 'live'
export const TONES = { dry_run: 'neutral', paper_live: 'info', live: 'error' } as const
/** Where an amount is the person's own. */
const OWN = new Set(['free', 'capital', 'position'])

export interface Line {
  currency: string
  total: string
  withBots: string
  free: string
}

/** Whether its money is real: an account of the paper exchange has play money, and is traded like a real one. */
export function tradingOf({ kind, exchange }: Pick<WalletResponse, 'kind' | 'exchange'>): Trading {
  if (kind === 'paper') return 'dry_run'
  return exchange === 'paper' ? 'paper_live' : 'live'
}

/** By currency: those that bots count in first, then coins. */
export function linesOf({ balances, automatic }: WalletResponse, stakes: ReadonlySet<string>): Line[] {
  const rank = (currency: string) => (currency === automatic ? 0 : stakes.has(currency) ? 1 : 2)
  return balances
    .map(({ currency, free, total }) => ({ currency, total, free, withBots: difference(total, free) }))
    .sort((one, other) => rank(one.currency) - rank(other.currency) || one.currency.localeCompare(other.currency))
}

/** How an account's balances stand beside the ledger, as it was read last. */
export type Reading = 'agreed' | 'differs' | 'unread' | 'waiting'
export function readingOf(account: AccountResponse | undefined): Reading {
  if (account === undefined) return 'waiting'
  if (account.problem !== null) return 'unread'
  if (account.read_at === null) return 'waiting'
  return account.agreed_at !== null && Date.parse(account.agreed_at) >= Date.parse(account.read_at) ? 'agreed' : 'differs'
}

/** An amount that was typed, as the API takes it; null for what is none. Commas mean thousands to one person and decimals to
 * another, so they are not guessed at. */
export function typedAmount(text: string): string | null {
  const typed = text.trim()
  return /^(\d+(\.\d*)?|\.\d+)$/.test(typed) && /[1-9]/.test(typed) ? typed.replace(/^\./, '0.').replace(/\.$/, '') : null
}

export function isNegative(amount: string): boolean {
  return amount.startsWith('-')
}

/** What a movement changed of the person's own money; the rest went to or came from the market, fees, the outside. One that
 * changed nothing of it, the result of a trade, is told as the person's profit, which the place of results has below zero. */
export function ownPostings({ postings }: Pick<TransactionResponse, 'postings'>): PostingResponse[] {
  const own = postings.filter(({ place }) => OWN.has(place))
  if (own.length > 0) return own
  return postings.filter(({ place }) => place === 'results').map((posting) => ({ ...posting, amount: difference('0', posting.amount) }))
}

/** Whether after this error nobody can say if what was asked for was done. */
export function isLost(error: unknown): boolean {
  const { status } = asProblem(error)
  return status === 0 || status === 408 || status >= 500
}

/** What is wrong with each field of a form, by its name; under the empty name what is about none that it shows. */
export function errorsByField(error: unknown, shown: readonly string[]): Record<string, string> {
  if (error === null || error === undefined) return {}
  const problem = asProblem(error)
  const told = (problem.params.errors as { field: string; message: string }[] | undefined) ?? [{ field: problem.field ?? '', message: problem.message }]
  const by: Record<string, string> = {}
  for (const { field, message } of told) {
    const top = field.split('.')[0] ?? ''
    const name = shown.includes(top) ? top : ''
    by[name] = by[name] === undefined ? message : `${by[name]} ${message}`
  }
  return by
}
