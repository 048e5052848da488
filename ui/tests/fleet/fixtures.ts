import type { BotPosition, BotResponse, BotRiskResponse, HistoryPoint } from '@/api/generated'
import type { Known } from '@/features/fleet/rows'

export function bot(part: Partial<BotPosition> = {}): BotPosition {
  return {
    id: 'bot-a',
    name: 'trend',
    mode: 'dry',
    currency: 'USDT',
    state: 'running',
    trader_state: 'running',
    desired_state: 'running',
    stale: false,
    as_of: '2026-11-20T12:00:00Z',
    age_seconds: 1,
    equity: '1000',
    free: '1000',
    in_trades: '0',
    realised: '0',
    unrealised: '0',
    realised_today: '0',
    starting_capital: '1000',
    profit_ratio: '0',
    peak: '1000',
    drawdown_ratio: '0',
    open_trades: 0,
    exposure: [],
    conversion: { source: 'USDT', target: 'USDT', rate: '1', at: '2026-11-20T12:00:00Z' },
    pss_bytes: 30_000_000,
    ...part,
  }
}

export function known(part: Partial<Known> = {}): Known {
  return { records: new Map<string, BotResponse>(), told: new Map(), risks: new Map<string, BotRiskResponse>(), ...part }
}

export function risk(part: Partial<BotRiskResponse> = {}): BotRiskResponse {
  return {
    bot_id: 'bot-a',
    name: 'trend',
    trading: 'dry',
    ordered: 'active',
    in_force: 'active',
    flatten: false,
    why: '',
    number: 1,
    number_taken: 1,
    leased: true,
    problem: null,
    blocked: null,
    ...part,
  }
}

export function point(at: string, equity: string, part: Partial<HistoryPoint> = {}): HistoryPoint {
  const profit = String(Number(equity) - Number(part.starting_capital ?? '1000'))
  return { at, equity, low: equity, high: equity, starting_capital: '1000', profit, realised: profit, unrealised: '0', bots: 1, stale_bots: 0, stale: false, ...part }
}
