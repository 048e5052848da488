import { describe, expect, it } from 'vitest'

import { candlesOf, columnsOf, forming, grouped, secondsOf, timeframesOf, type Candle } from '@/features/bots/bot/candles'
import { indicatorsOf } from '@/features/bots/bot/indicators'
import { fromConfig, placed } from '@/features/bots/bot/plot'

const TOLD = {
  pair: 'BTC/USDT', timeframe: '1m', timeframe_ms: 60_000,
  columns: ['date', 'open', 'high', 'low', 'close', 'volume', 'ema', 'enter_long', 'enter_tag', '__date_ts', '_enter_long_signal_close'],
  all_columns: ['date', 'open', 'high', 'low', 'close', 'volume', 'ema', 'enter_long', 'enter_tag'],
  data: [
    ['2026-11-22T06:00:00Z', 10, 12, 9, 11, 5, null, null, '', 0, null],
    ['2026-11-22T06:01:00Z', 11, 15, 11, 14, 7, 10.5, 1, 'up', 0, 14],
    ['2026-11-22T06:02:00Z', 14, 14, 8, null, 1, 10.5, null, '', 0, null],
  ],
}

function candle(time: number, close: number, columns: Record<string, number> = {}): Candle {
  return { time, open: close, high: close + 1, low: close - 1, close, volume: 1, columns }
}

describe('candles', () => {
  it('are what FreqTrade tells, without rows that have no price', () => {
    const [first, second, ...rest] = candlesOf(TOLD)
    expect(rest).toEqual([])
    expect(second).toEqual({ time: Date.parse('2026-11-22T06:01:00Z') / 1000, open: 11, high: 15, low: 11, close: 14, volume: 7, columns: { ema: 10.5 } })
    expect(first!.columns.ema).toBeNaN()
  })

  it('have columns that can be drawn, signals left out', () => {
    expect(columnsOf(TOLD)).toEqual(['ema'])
  })

  it('become longer ones at whole beginnings', () => {
    const made = grouped([candle(240, 1), candle(300, 2, { ema: 1 }), candle(360, 9, { ema: 3 })], 300)
    expect(made.map((one) => [one.time, one.open, one.high, one.low, one.close, one.volume])).toEqual([[0, 1, 2, 0, 1, 1], [300, 2, 10, 1, 9, 2]])
    expect(made[1]!.columns).toEqual({ ema: 3 })
  })

  it('leave those they were made of as they are', () => {
    const own = [candle(0, 1), candle(60, 2)]
    grouped(own, 120)
    expect(own[0]).toEqual(candle(0, 1))
  })

  it('are drawn in multiples of their own length', () => {
    expect(timeframesOf('5m')).toEqual(['5m', '15m', '30m', '1h', '2h', '4h'])
    expect([secondsOf('5m'), secondsOf('1d'), secondsOf('1M'), secondsOf('x')]).toEqual([300, 86_400, 0, 0])
  })
})

describe('the candle that is not over', () => {
  const last = candle(60, 10)
  it('opens where the last one closed, and has the prices that were seen in it', () => {
    expect(forming(last, 60, [{ at: 119, price: 99 }, { at: 121, price: 12 }, { at: 130, price: 7 }, { at: 150, price: 9 }])).toMatchObject({
      time: 120, open: 10, high: 12, low: 7, close: 9,
    })
  })

  it('is none without a price of it', () => {
    expect(forming(last, 60, [{ at: 100, price: 5 }])).toBeNull()
    expect(forming(undefined, 60, [{ at: 100, price: 5 }])).toBeNull()
  })

  it('opens at its own first price where one before it is missing', () => {
    expect(forming(last, 60, [{ at: 125, price: 50 }, { at: 185, price: 20 }, { at: 190, price: 22 }])).toMatchObject({ time: 180, open: 20, high: 22, low: 20 })
  })
})

describe('indicators', () => {
  const closes = Array.from({ length: 60 }, (_, at) => 100 + Math.sin(at / 3) * 5 + at * 0.1)
  const candles = closes.map((close, at) => candle(at * 60, close))

  it('have a value for each candle, and none before there are enough to go by', async () => {
    const { bollinger, rsi, macd } = await indicatorsOf(candles)
    const first = (values: number[]) => values.findIndex((value) => Number.isFinite(value))
    expect([...bollinger, ...rsi, ...macd].map((line) => [line.id, line.values.length, first(line.values)])).toEqual([
      ['upper', 60, 19], ['middle', 60, 19], ['lower', 60, 19], ['rsi', 60, 14], ['macd', 60, 25], ['signal', 60, 33], ['histogram', 60, 33],
    ])
  })

  it('are the ones that they are called', async () => {
    const { bollinger, rsi, macd } = await indicatorsOf(candles)
    const window = closes.slice(40, 60)
    const mean = window.reduce((sum, one) => sum + one) / 20
    const deviation = Math.sqrt(window.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 20)
    expect(bollinger.map((line) => line.values[59])).toEqual([mean + 2 * deviation, mean, mean - 2 * deviation].map((one) => expect.closeTo(one, 6)))
    expect(rsi[0]!.values.slice(14).every((value) => value >= 0 && value <= 100)).toBe(true)
    expect(macd[2]!.values[50]).toBeCloseTo(macd[0]!.values[50]! - macd[1]!.values[50]!, 9)
  })

  it('are none without candles', async () => {
    expect(await indicatorsOf([])).toEqual({ bollinger: [], rsi: [], macd: [] })
  })
})

describe('a strategy’s own plot', () => {
  it('draws the columns that there are, where it says', () => {
    const config = { main_plot: { ema: { color: 'red' }, gone: {} }, subplots: { Strength: { adx: { type: 'bar', color: 'url(evil)' } } } }
    expect(fromConfig(config, ['ema', 'adx'])).toEqual([
      { column: 'ema', pane: null, type: 'line', color: 'red' }, { column: 'adx', pane: 'Strength', type: 'bar', color: null },
    ])
    expect(fromConfig({}, ['ema'])).toEqual([])
  })

  it('puts a chosen column over the candles where it is of their size', () => {
    const candles = [candle(0, 100, { ema: 99, adx: 30 }), candle(60, 101, { ema: 100, adx: NaN })]
    expect(placed('ema', candles).pane).toBeNull()
    expect(placed('adx', candles).pane).toBe('adx')
    expect(placed('none', candles).pane).toBe('none')
  })
})
