/** The chart itself: what lightweight-charts is told, piece by piece, so that what stays is not drawn anew. */
import {
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  LineSeries,
  LineStyle,
  type AutoscaleInfo,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type SeriesMarker,
  type UTCTimestamp,
} from 'lightweight-charts'

import type { Candle } from './candles'
import { lineChanges, type LevelKind, type LevelLine, type TradeMark } from './levels'
import { rangeWith, type Overlay } from './overlays'

export interface Words {
  price(value: number): string
  time(seconds: number): string
  tick(seconds: number, isDay: boolean): string
  line(line: LevelLine): string
  mark(mark: TradeMark): string
}

const THEMES = {
  light: { text: '#475569', grid: '#e2e8f0', up: '#059669', down: '#e11d48', volume: '#94a3b855' },
  dark: { text: '#cbd5e1', grid: '#1e293b', up: '#34d399', down: '#fb7185', volume: '#64748b55' },
} as const
const LINES: Record<LevelKind, { color: string; lineStyle: LineStyle; lineWidth: 1 | 2 }> = {
  stop: { color: '#e11d48', lineStyle: LineStyle.Solid, lineWidth: 2 },
  strategyStop: { color: '#e11d48', lineStyle: LineStyle.Dashed, lineWidth: 1 },
  ladder: { color: '#059669', lineStyle: LineStyle.Dashed, lineWidth: 1 },
  trailing: { color: '#d97706', lineStyle: LineStyle.Dotted, lineWidth: 1 },
  breakEven: { color: '#0284c7', lineStyle: LineStyle.Dotted, lineWidth: 1 },
  entry: { color: '#64748b', lineStyle: LineStyle.Dotted, lineWidth: 1 },
}
const FIRST_SHOWN = 150
const LAST_OF_DAY_TICKS = 2

const at = (seconds: number) => seconds as UTCTimestamp

export class Drawing {
  private readonly chart: IChartApi
  private readonly candles: ISeriesApi<'Candlestick'>
  private readonly volume: ISeriesApi<'Histogram'>
  private readonly markers
  private readonly lines = new Map<string, IPriceLine>()
  private overlays = new Map<string, ISeriesApi<'Line' | 'Histogram'>>()
  private levels: readonly LevelLine[] = []
  private isEmpty = true

  constructor(
    container: HTMLElement,
    private readonly words: Words,
  ) {
    this.chart = createChart(container, {
      autoSize: true,
      crosshair: { mode: CrosshairMode.Normal },
      localization: { priceFormatter: (value: number) => words.price(value), timeFormatter: (time: unknown) => words.time(time as number) },
      timeScale: { timeVisible: true, rightOffset: 6, tickMarkFormatter: (time: unknown, type: number) => words.tick(time as number, type <= LAST_OF_DAY_TICKS) },
    })
    this.candles = this.chart.addSeries(CandlestickSeries, { autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => this.scale(original()) })
    this.volume = this.chart.addSeries(HistogramSeries, { priceScaleId: 'volume', lastValueVisible: false, priceLineVisible: false, priceFormat: { type: 'volume' } })
    this.chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.85, bottom: 0 } })
    this.markers = createSeriesMarkers(this.candles, [])
  }

  close(): void {
    this.chart.remove()
  }

  paint(isDark: boolean): void {
    const theme = THEMES[isDark ? 'dark' : 'light']
    this.chart.applyOptions({
      layout: { background: { color: 'transparent' }, textColor: theme.text, panes: { separatorColor: theme.grid } },
      grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
      timeScale: { borderColor: theme.grid },
      rightPriceScale: { borderColor: theme.grid },
    })
    const { up, down } = theme
    this.candles.applyOptions({ upColor: up, downColor: down, borderUpColor: up, borderDownColor: down, wickUpColor: up, wickDownColor: down })
    this.volume.applyOptions({ color: theme.volume })
  }

  /** All candles anew, the unfinished one last. */
  show(candles: readonly Candle[]): void {
    this.candles.setData(candles.map(({ time, open, high, low, close }) => ({ time: at(time), open, high, low, close })))
    this.volume.setData(candles.map(({ time, volume }) => (Number.isFinite(volume) ? { time: at(time), value: volume } : { time: at(time) })))
    if (this.isEmpty && candles.length > 0) {
      this.chart.timeScale().setVisibleLogicalRange({ from: candles.length - FIRST_SHOWN, to: candles.length + 6 })
      this.isEmpty = false
    }
  }

  /** Another pair: the next candles are looked at from their end again. */
  reset(): void {
    this.isEmpty = true
  }

  /** The unfinished candle, begun or moved. */
  move({ time, open, high, low, close }: Candle): void {
    this.candles.update({ time: at(time), open, high, low, close })
  }

  draw(lines: readonly LevelLine[]): void {
    this.levels = lines
    const { add, move, remove } = lineChanges(this.lines.keys(), lines)
    for (const id of remove) {
      this.candles.removePriceLine(this.lines.get(id)!)
      this.lines.delete(id)
    }
    for (const line of move) this.lines.get(line.id)!.applyOptions({ price: line.price, title: this.words.line(line) })
    for (const line of add) this.lines.set(line.id, this.candles.createPriceLine({ ...LINES[line.kind], price: line.price, title: this.words.line(line), axisLabelVisible: true }))
    this.chart.priceScale('right').applyOptions({ autoScale: true })
  }

  mark(marks: readonly TradeMark[]): void {
    this.markers.setMarkers(
      marks.map((mark): SeriesMarker<UTCTimestamp> => {
        const isUp = (mark.side === 'entry') !== mark.isShort
        const color = mark.side === 'entry' ? '#0284c7' : Number(mark.profitRatio ?? 0) >= 0 ? '#059669' : '#e11d48'
        return { time: at(mark.time), position: isUp ? 'belowBar' : 'aboveBar', shape: isUp ? 'arrowUp' : 'arrowDown', color, text: this.words.mark(mark), id: mark.id }
      }),
    )
  }

  /** Series in their panes; they are made anew only where others are shown than before. */
  overlay(overlays: readonly Overlay[], times: readonly number[]): void {
    const same = overlays.length === this.overlays.size && overlays.every((one) => this.overlays.has(one.id))
    if (!same) this.rebuild(overlays)
    for (const one of overlays) {
      const data = times.map((time, index) => {
        const value = one.values[index]
        return value !== undefined && Number.isFinite(value) ? { time: at(time), value } : { time: at(time) }
      })
      this.overlays.get(one.id)!.setData(data)
    }
  }

  private rebuild(overlays: readonly Overlay[]): void {
    for (const series of this.overlays.values()) this.chart.removeSeries(series)
    this.overlays = new Map()
    const panes = [...new Set(overlays.map((one) => one.pane).filter((pane) => pane !== null))]
    for (const one of overlays) {
      const look = { color: one.colour, title: one.pane === null ? '' : one.title, lastValueVisible: one.pane !== null, priceLineVisible: false }
      const pane = one.pane === null ? 0 : panes.indexOf(one.pane) + 1
      const series = one.type === 'bar' ? this.chart.addSeries(HistogramSeries, look, pane) : this.chart.addSeries(LineSeries, { ...look, lineWidth: 1, crosshairMarkerVisible: false }, pane)
      this.overlays.set(one.id, series)
    }
    this.chart.panes().forEach((pane, index) => pane.setStretchFactor(index === 0 ? 3 : 1))
  }

  private scale(found: AutoscaleInfo | null): AutoscaleInfo | null {
    if (found?.priceRange == null) return found
    const range = rangeWith({ min: found.priceRange.minValue, max: found.priceRange.maxValue }, this.levels.map((line) => line.price))
    return { ...found, priceRange: { minValue: range.min, maxValue: range.max } }
  }
}
