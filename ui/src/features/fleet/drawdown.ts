/** From a history to what the chart draws. Pure; floating point, since it is only drawn. */
import type { HistoryPoint, Totals } from '@/api/generated'

import { difference } from './money'

export interface Curve {
  /** [ms since the epoch, equity] */
  equity: [number, number][]
  /** [ms since the epoch, ratio ≤ 0]: below the highest point so far of this range. */
  drawdown: [number, number][]
  /** Where only last known figures are told: [from, to], ms since the epoch. */
  stale: [number, number][]
}

/** Money that is put in or taken out is no drawdown: the highest point is the capital of that time and the best profit so far. */
export function curveOf(points: readonly HistoryPoint[]): Curve {
  const curve: Curve = { equity: [], drawdown: [], stale: [] }
  let best = -Infinity
  let since: number | null = null
  for (const point of points) {
    const at = Date.parse(point.at)
    const equity = Number(point.equity)
    best = Math.max(best, Number(point.profit))
    const peak = Number(point.starting_capital) + best
    curve.equity.push([at, equity])
    curve.drawdown.push([at, peak > 0 ? Math.min(0, (equity - peak) / peak) : 0])
    if (point.stale) since ??= at
    else if (since !== null) {
      curve.stale.push([since, at])
      since = null
    }
  }
  const last = curve.equity.at(-1)
  if (since !== null && last !== undefined) curve.stale.push([since, last[0]])
  return curve
}

/** The history with what holds now at its end. */
export function withNow(points: readonly HistoryPoint[], now: Totals, asOf: string): HistoryPoint[] {
  const last = points.at(-1)
  if (now.bots === 0 || (last !== undefined && Date.parse(last.at) >= Date.parse(asOf))) return [...points]
  const profit = difference(now.equity, now.starting_capital)
  return [
    ...points,
    {
      at: asOf,
      equity: now.equity,
      low: now.equity,
      high: now.equity,
      starting_capital: now.starting_capital,
      profit,
      realised: now.realised,
      unrealised: now.unrealised,
      bots: now.bots,
      stale_bots: now.stale_bots,
      stale: now.stale_bots >= now.bots,
    },
  ]
}
