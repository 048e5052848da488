/** Which of a strategy's columns are drawn, and where. Pure. */
import type { Candle } from './candles'
import type { PlotColumn, PlotConfig } from './freqtrade'

export interface Plotted {
  column: string
  /** Null: over the candles. */
  pane: string | null
  type: 'line' | 'bar'
  color: string | null
}

const COLOUR = /^(#[0-9a-f]{3,8}|[a-z]+|rgba?\([\d.,\s%]+\))$/i

function plotted(column: string, told: PlotColumn | null | undefined, pane: string | null): Plotted {
  const color = typeof told?.color === 'string' && COLOUR.test(told.color) ? told.color : null
  return { column, pane, type: told?.type === 'bar' ? 'bar' : 'line', color }
}

/** What the strategy's own plot configuration asks for, of the columns that there are. */
export function fromConfig(config: PlotConfig | undefined, columns: readonly string[]): Plotted[] {
  const there = new Set(columns)
  const main = Object.entries(config?.main_plot ?? {}).map(([column, told]) => plotted(column, told, null))
  const below = Object.entries(config?.subplots ?? {}).flatMap(([pane, told]) => Object.entries(told).map(([column, one]) => plotted(column, one, pane)))
  return [...main, ...below].filter((one) => there.has(one.column))
}

/** A column that somebody chose: over the candles where it is of the size of prices, else in a pane of its own. */
export function placed(column: string, candles: readonly Candle[]): Plotted {
  const known = candles.filter((candle) => Number.isFinite(candle.columns[column]))
  const near = known.filter((candle) => Math.abs(candle.columns[column]! / candle.close - 1) < 0.25)
  return { column, pane: known.length > 0 && near.length > known.length / 2 ? null : column, type: 'line', color: null }
}
