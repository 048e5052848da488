import { listTrades, type TradeResponse } from '@/api/generated'

const OPEN_AT_MOST = 200

export const openTradesKey = (id: string) => ['trades', id, 'open'] as const

/** Open trades of a bot, whoever's it is, with their levels. */
export const listOpenTrades = (id: string) => listTrades({ query: { bot_id: id, state: 'open', limit: OPEN_AT_MOST } })

/** Numbers are given anew where a bot's database was replaced. */
export const tradeKey = (trade: TradeResponse) => `${trade.trade_id}/${trade.opened_at}`

const closedAt = (trade: TradeResponse) => Date.parse(trade.closed_at ?? '')

/** Those that are open still: what a bot reported last may be older than what the stream told as closed. */
export function stillOpen(open: readonly TradeResponse[], told: readonly TradeResponse[]): TradeResponse[] {
  const ended = new Map(told.map((trade) => [trade.trade_id, closedAt(trade)]))
  return open.filter((trade) => !(Date.parse(trade.opened_at) <= (ended.get(trade.trade_id) ?? -Infinity)))
}

/**
 * Closed trades, newest first: an answer, and what the stream told that is not in it yet. What is older than the whole
 * answer stands on a later page of it.
 */
export function withTold(answer: readonly TradeResponse[], told: readonly TradeResponse[]): TradeResponse[] {
  const there = new Set(answer.map(tradeKey))
  const oldest = Math.min(...answer.map(closedAt))
  const missing = told.filter((trade) => !there.has(tradeKey(trade)) && (answer.length === 0 || closedAt(trade) >= oldest))
  if (missing.length === 0) return [...answer]
  return [...missing, ...answer].sort((one, other) => closedAt(other) - closedAt(one))
}
