/** The levels of an open trade as lines of a chart, and what it did as marks. Pure. */
import type { TradeResponse } from '@/api/generated'

export type LevelKind = 'entry' | 'stop' | 'strategyStop' | 'ladder' | 'trailing' | 'breakEven'

export interface LevelLine {
  /** The same for the same level, so that its line moves instead of being drawn anew. */
  id: string
  trade: number
  kind: LevelKind
  price: number
  /** What the text is about: the rule of a stop, the number and share of a ladder's level. */
  rule: string | null
  level: number | null
  fraction: number | null
}

const rate = (value: string | null | undefined): number | null => {
  const number = value === null || value === undefined ? NaN : Number(value)
  return Number.isFinite(number) && number > 0 ? number : null
}

/** What is in force, the stop first. Levels that are done, and rates that nobody knows, are left out. */
export function levelLines(trade: TradeResponse): LevelLine[] {
  const lines: LevelLine[] = []
  const add = (kind: LevelKind, at: string | null | undefined, more: Partial<LevelLine> = {}, key: string | number = '') => {
    const price = rate(at)
    if (price !== null) lines.push({ id: `${trade.bot_id}:${trade.trade_id}:${kind}${key}`, trade: trade.trade_id, kind, price, rule: null, level: null, fraction: null, ...more })
  }
  const { levels } = trade
  if (levels) {
    add('stop', levels.stop?.rate, { rule: levels.stop?.rule ?? null })
    if (levels.own_stop_rate !== levels.stop?.rate) add('strategyStop', levels.own_stop_rate)
    for (const step of levels.ladder)
      if (step.done !== true) add('ladder', step.rate, { level: step.level, fraction: rate(step.fraction) }, step.level)
    if (levels.trailing?.active !== true) add('trailing', levels.trailing?.activation_rate)
    if (levels.break_even?.stop_rate === null) add('breakEven', levels.break_even.trigger_rate)
  }
  add('entry', trade.open_rate)
  return lines
}

/** What has to be done to lines that are drawn so that they are these. */
export function lineChanges(drawn: Iterable<string>, wanted: readonly LevelLine[]): { add: LevelLine[]; move: LevelLine[]; remove: string[] } {
  const there = new Set(drawn)
  const ids = new Set(wanted.map((line) => line.id))
  return {
    add: wanted.filter((line) => !there.has(line.id)),
    move: wanted.filter((line) => there.has(line.id)),
    remove: [...there].filter((id) => !ids.has(id)),
  }
}

export interface TradeMark {
  id: string
  /** Beginning of the candle that it happened in, seconds since the epoch. */
  time: number
  side: 'entry' | 'exit'
  isShort: boolean
  price: number | null
  trade: number
  profitRatio: string | null
  reason: string | null
}

/** Entries and exits of trades of a pair, by the candle; those before `first` are left out. */
export function tradeMarks(trades: readonly TradeResponse[], pair: string, seconds: number, first: number): TradeMark[] {
  const candle = (at: string) => Math.floor(Date.parse(at) / 1000 / seconds) * seconds
  return trades
    .filter((trade) => trade.pair === pair)
    .flatMap((trade): TradeMark[] => {
      const base = { isShort: trade.is_short, trade: trade.trade_id, profitRatio: trade.profit_ratio }
      const marks: TradeMark[] = [
        { ...base, id: `${trade.trade_id}:entry`, time: candle(trade.opened_at), side: 'entry', price: rate(trade.open_rate), reason: trade.entry_tag },
      ]
      if (trade.closed_at !== null)
        marks.push({ ...base, id: `${trade.trade_id}:exit`, time: candle(trade.closed_at), side: 'exit', price: rate(trade.close_rate), reason: trade.exit_reason })
      return marks
    })
    .filter((mark) => mark.time >= first)
    .sort((one, other) => one.time - other.time)
}
