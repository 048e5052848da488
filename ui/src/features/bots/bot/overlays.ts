/** What is drawn besides the candles: indicators and the strategy's columns, as series in panes. Pure. */
import type { Candle } from './candles'
import type { Indicators } from './indicators'
import type { Plotted } from './plot'

export interface Overlay {
  id: string
  /** Null: over the candles. */
  pane: string | null
  type: 'line' | 'bar'
  colour: string
  title: string
  values: number[]
}

export type Shown = 'bollinger' | 'rsi' | 'macd' | 'strategy'
export const ALL_SHOWN: readonly Shown[] = ['bollinger', 'rsi', 'macd', 'strategy']

/** Told apart on white as on black. */
const PALETTE = ['#0ea5e9', '#f59e0b', '#a855f7', '#10b981', '#ec4899', '#84cc16', '#f97316', '#6366f1']
const FIXED: Record<string, string> = {
  upper: '#64748b', middle: '#94a3b8', lower: '#64748b', rsi: '#a855f7', macd: '#0ea5e9', signal: '#f59e0b', histogram: '#64748b',
}

export function overlaysOf(candles: readonly Candle[], indicators: Indicators | null, shown: ReadonlySet<Shown>, plotted: readonly Plotted[]): Overlay[] {
  const made: Overlay[] = []
  const add = (kind: 'bollinger' | 'rsi' | 'macd', pane: string | null) => {
    if (!shown.has(kind)) return
    for (const line of indicators?.[kind] ?? [])
      made.push({ id: `${kind}.${line.id}`, pane, type: line.id === 'histogram' ? 'bar' : 'line', colour: FIXED[line.id]!, title: '', values: line.values })
  }
  add('bollinger', null)
  plotted.forEach((one, index) =>
    made.push({
      id: `column.${one.pane ?? ''}.${one.column}`,
      pane: one.pane,
      type: one.type,
      colour: one.color ?? PALETTE[index % PALETTE.length]!,
      title: one.column,
      values: candles.map((candle) => candle.columns[one.column] ?? NaN),
    }),
  )
  add('rsi', 'RSI')
  add('macd', 'MACD')
  return made
}

/**
 * The range of prices that a chart shows: that of its candles, and of lines those that are no further from it than it is
 * high. The candles keep a third of the height, however far away a stop is; the list of levels tells of all.
 */
export function rangeWith(candles: { min: number; max: number }, lines: readonly number[]): { min: number; max: number } {
  const height = Math.max(candles.max - candles.min, candles.max * 1e-6)
  const near = lines.filter((price) => price >= candles.min - height && price <= candles.max + height)
  return { min: Math.min(candles.min, ...near), max: Math.max(candles.max, ...near) }
}
