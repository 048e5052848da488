/** Who has how much of a book. Pure. */
import type { BotPosition, Exposure, Portfolio } from '@/api/generated'

export interface Held {
  key: string
  label: string
  /** In the currency; null where several are added up whose sum is no single amount. */
  amount: string | null
  currency: string
  ratio: number
}

const SHOWN = 5

/** The largest, and those that are not shown by themselves. */
function largest(all: Held[]): { shown: Held[]; rest: Held[] } {
  const inOrder = all.sort((one, other) => other.ratio - one.ratio || one.label.localeCompare(other.label))
  return inOrder.length > SHOWN + 1 ? { shown: inOrder.slice(0, SHOWN), rest: inOrder.slice(SHOWN) } : { shown: inOrder, rest: [] }
}

export function exposureParts(exposure: readonly Exposure[], currency: string): { shown: Held[]; rest: Held[] } {
  return largest(exposure.filter(({ value }) => Number(value) !== 0).map(({ asset, value, ratio }) => ({ key: asset, label: asset, amount: value, currency, ratio: Number(ratio) })))
}

/** Equity of each bot of a book as a share of all; those whose currency has no known rate are left out, as in the totals. */
export function allocationParts(bots: readonly BotPosition[], book: 'dry' | 'live'): { shown: Held[]; rest: Held[] } {
  const worth = bots.filter(({ mode, conversion }) => mode === book && conversion !== null).map((bot) => ({ bot, value: Number(bot.equity) * Number(bot.conversion?.rate) }))
  const whole = worth.reduce((sum, { value }) => sum + Math.max(0, value), 0)
  if (whole <= 0) return { shown: [], rest: [] }
  return largest(worth.map(({ bot, value }) => ({ key: bot.id, label: bot.name, amount: bot.equity, currency: bot.currency, ratio: Math.max(0, value) / whole })))
}

/** The books that have bots, live first. */
export function booksOf(portfolio: Pick<Portfolio, 'live' | 'dry'>): ('live' | 'dry')[] {
  return (['live', 'dry'] as const).filter((book) => portfolio[book].bots > 0)
}
