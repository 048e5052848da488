/** The usual indicators over closes. Values that had too few candles to go by are left out (NaN). */
import type { Candle } from './candles'

export interface Line {
  id: string
  /** One for each candle; NaN where there is none. */
  values: number[]
}

export interface Indicators {
  bollinger: Line[]
  rsi: Line[]
  macd: Line[]
}

export const PERIODS = { bollinger: 20, rsi: 14, macd: { fast: 12, slow: 26, signal: 9 } } as const

const from = (first: number, values: readonly number[]): number[] => values.map((value, index) => (index < first ? NaN : value))

/** All three; the library is loaded when it is first asked for. */
export async function indicatorsOf(candles: readonly Candle[]): Promise<Indicators> {
  const { bb, macd, rsi } = await import('indicatorts')
  const closes = candles.map((candle) => candle.close)
  if (closes.length === 0) return { bollinger: [], rsi: [], macd: [] }
  const bands = bb(closes, { period: PERIODS.bollinger })
  const { fast, slow, signal } = PERIODS.macd
  const lines = macd(closes, PERIODS.macd)
  const line = from(Math.max(fast, slow) - 1, lines.macdLine)
  const signalled = from(Math.max(fast, slow) + signal - 2, lines.signalLine)
  return {
    bollinger: (['upper', 'middle', 'lower'] as const).map((id) => ({ id, values: from(PERIODS.bollinger - 1, bands[id]) })),
    rsi: [{ id: 'rsi', values: from(PERIODS.rsi, rsi(closes, { period: PERIODS.rsi })) }],
    macd: [
      { id: 'macd', values: line },
      { id: 'signal', values: signalled },
      { id: 'histogram', values: line.map((value, index) => value - signalled[index]!) },
    ],
  }
}
