import { describe, expect, it } from 'vitest'

import type { TradeResponse } from '@/api/generated'
import { levelLines, lineChanges, tradeMarks } from '@/features/bots/bot/levels'

type Levels = NonNullable<TradeResponse['levels']>

function levels(more: Partial<Levels> = {}): Levels {
  return {
    policy: '1.0.0', in_force: true, stop: null, own_stop_rate: null, universal_stop: null, ladder: [],
    trailing: null, break_even: null, hard_stop: null, time_exit: null, ...more,
  }
}

function trade(more: Partial<TradeResponse> = {}): TradeResponse {
  return {
    state: 'open', bot_id: 'bot-a', bot: 'a', trading: 'dry', trade_id: 7, pair: 'BTC/USDT', is_short: false, leverage: '1', currency: 'USDT',
    amount: '1', stake: '100', open_rate: '100', opened_at: '2026-11-22T08:00:31Z', current_rate: '101', profit: '1', profit_ratio: '0.01',
    realised: '0', close_rate: null, closed_at: null, exit_reason: null, entry_tag: 'up', has_open_orders: false,
    reported_at: '2026-11-22T08:01:00Z', levels: levels(), ...more,
  }
}

const stop = { rate: '95.5', rule: 'trailing_stop', profit_ratio: '-0.04' } as const

describe('level lines of a trade', () => {
  it('are the entry alone where nothing else is known', () => {
    expect(levelLines(trade({ levels: null })).map((line) => [line.kind, line.price])).toEqual([['entry', 100]])
  })

  it('show the stop that counts, and the strategy’s own only where it is another', () => {
    const both = levelLines(trade({ levels: levels({ stop, own_stop_rate: '90' }) }))
    expect(both.map((line) => [line.kind, line.price, line.rule])).toEqual([['stop', 95.5, 'trailing_stop'], ['strategyStop', 90, null], ['entry', 100, null]])
    expect(levelLines(trade({ levels: levels({ stop, own_stop_rate: '95.5' }) })).map((line) => line.kind)).toEqual(['stop', 'entry'])
  })

  it('leave out levels of the ladder that are done or have no rate', () => {
    const step = { profit_ratio: '0.02', fraction: '0.25', amount: null }
    const ladder = [
      { ...step, level: 1, rate: '102', done: true },
      { ...step, level: 2, rate: '105', done: false },
      { ...step, level: 3, rate: '110', done: null, fraction: null },
      { ...step, level: 4, rate: null, done: false },
    ]
    const lines = levelLines(trade({ levels: levels({ ladder }) })).filter((line) => line.kind === 'ladder')
    expect(lines.map((line) => [line.level, line.price, line.fraction])).toEqual([[2, 105, 0.25], [3, 110, null]])
  })

  it('show what begins a trailing or break-even stop until it has begun', () => {
    const trailing = { active: false, activation_profit_ratio: '0.03', activation_rate: '103', best_rate: null, stop_rate: null }
    const breakEven = { trigger_profit_ratio: '0.02', trigger_rate: '102', offset_profit_ratio: '0', offset_rate: '100', stop_rate: null }
    const kinds = (more: Partial<Levels>) => levelLines(trade({ levels: levels(more) })).map((line) => line.kind)
    expect(kinds({ trailing, break_even: breakEven })).toEqual(['trailing', 'breakEven', 'entry'])
    expect(kinds({ trailing: { ...trailing, active: true }, break_even: { ...breakEven, stop_rate: '100' } })).toEqual(['entry'])
  })

  it('move under the same name, and go with their trade', () => {
    const before = levelLines(trade({ levels: levels({ stop }) }))
    const after = levelLines(trade({ levels: levels({ stop: { ...stop, rate: '97' } }) }))
    const moved = lineChanges(before.map((line) => line.id), after)
    expect([moved.add, moved.remove]).toEqual([[], []])
    expect(moved.move.find((line) => line.kind === 'stop')?.price).toBe(97)
    expect(lineChanges(before.map((line) => line.id), []).remove).toHaveLength(2)
    expect(lineChanges([], after).add).toEqual(after)
  })
})

describe('marks of trades', () => {
  const at = (text: string) => Date.parse(text) / 1000
  const closed = trade({ state: 'closed', trade_id: 3, opened_at: '2026-11-22T07:00:10Z', closed_at: '2026-11-22T08:04:59Z', close_rate: '99', exit_reason: 'flotilla:hard_stop' })

  it('stand at the candle that they happened in, in order, of the pair alone', () => {
    const marks = tradeMarks([trade(), closed, trade({ pair: 'ETH/USDT', trade_id: 9 })], 'BTC/USDT', 300, 0)
    expect(marks.map((mark) => [mark.id, mark.time])).toEqual([
      ['3:entry', at('2026-11-22T07:00:00Z')], ['7:entry', at('2026-11-22T08:00:00Z')], ['3:exit', at('2026-11-22T08:00:00Z')],
    ])
    expect(marks[2]).toMatchObject({ side: 'exit', price: 99, reason: 'flotilla:hard_stop' })
  })

  it('are left out before the first candle', () => {
    expect(tradeMarks([closed], 'BTC/USDT', 60, at('2026-11-22T08:00:00Z')).map((mark) => mark.side)).toEqual(['exit'])
  })
})
