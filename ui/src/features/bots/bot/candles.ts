/** Candles as the chart wants them. Pure. */
import type { PairCandles } from './freqtrade'

export interface Candle {
  /** Its beginning, seconds since the epoch. */
  time: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  /** What the strategy computed for it, by column; NaN where it has no number. */
  columns: Record<string, number>
}

const OWN = new Set(['date', 'open', 'high', 'low', 'close', 'volume'])
/** Signals and FreqTrade's own helpers: no lines. */
const SIGNAL = /^(_|enter_|exit_|buy$|sell$|buy_tag$)/

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Seconds of a timeframe such as `5m`; 0 of none. A month has no fixed length. */
export function secondsOf(timeframe: string): number {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(timeframe) ?? []
  return count === undefined ? 0 : Number(count) * (UNITS[unit!] ?? 0)
}

const TIMEFRAMES = ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '12h', '1d', '1w']

/** What candles of `own` can be drawn as: itself, and what is made of several. */
export function timeframesOf(own: string): string[] {
  const length = secondsOf(own)
  if (length === 0) return [own]
  return [own, ...TIMEFRAMES.filter((one) => secondsOf(one) > length && secondsOf(one) % length === 0 && secondsOf(one) <= length * 60)]
}

/** The strategy's columns that can be drawn as lines. */
export function columnsOf(told: PairCandles): string[] {
  return (told.all_columns ?? told.columns).filter((name) => !OWN.has(name) && !SIGNAL.test(name))
}

const asNumber = (value: unknown): number => (typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : NaN)

/** Oldest first; rows without a price are left out. */
export function candlesOf(told: PairCandles): Candle[] {
  const at = (name: string) => told.columns.indexOf(name)
  const [date, open, high, low, close, volume] = ['date', 'open', 'high', 'low', 'close', 'volume'].map(at) as [number, number, number, number, number, number]
  const extra = columnsOf(told).map((name) => [name, at(name)] as const).filter(([, index]) => index >= 0)
  return told.data
    .map((row) => ({
      time: Math.floor(Date.parse(String(row[date])) / 1000),
      open: asNumber(row[open]),
      high: asNumber(row[high]),
      low: asNumber(row[low]),
      close: asNumber(row[close]),
      volume: asNumber(row[volume]),
      columns: Object.fromEntries(extra.map(([name, index]) => [name, asNumber(row[index])])),
    }))
    .filter((candle) => Number.isFinite(candle.time) && Number.isFinite(candle.close))
}

/** Candles of `seconds` made of shorter ones; of the strategy's columns each has the last value. */
export function grouped(candles: readonly Candle[], seconds: number): Candle[] {
  const made: Candle[] = []
  for (const candle of candles) {
    const time = Math.floor(candle.time / seconds) * seconds
    const last = made.at(-1)
    if (last === undefined || last.time !== time) made.push({ ...candle, time })
    else {
      last.high = Math.max(last.high, candle.high)
      last.low = Math.min(last.low, candle.low)
      last.close = candle.close
      last.volume += candle.volume
      last.columns = candle.columns
    }
  }
  return made
}

export interface Seen {
  /** Seconds since the epoch. */
  at: number
  price: number
}

/**
 * The candle that is not over yet, from prices that were seen of the pair (FreqTrade tells closed candles alone). It
 * opens where the last one closed; null where no price of it was seen.
 */
export function forming(last: Candle | undefined, seconds: number, seen: readonly Seen[]): Candle | null {
  if (last === undefined || seconds === 0) return null
  const fresh = seen.filter((one) => one.at >= last.time + seconds)
  const newest = fresh.at(-1)
  if (newest === undefined) return null
  const time = Math.floor(newest.at / seconds) * seconds
  const prices = fresh.filter((one) => one.at >= time).map((one) => one.price)
  const open = time === last.time + seconds ? last.close : prices[0]!
  return { time, open, high: Math.max(open, ...prices), low: Math.min(open, ...prices), close: newest.price, volume: NaN, columns: {} }
}
