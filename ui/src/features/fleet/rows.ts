/** The bots of the table: what of them is shown, which of them, and in which order. Pure: values in, values out. */
import type { BotPosition, BotResponse, BotRiskResponse, ConditionResponse } from '@/api/generated'

import { faultOf, type Level, rankOf } from './faults'

/** What the table shows of a bot, flat. While nothing of it changes it stays the same object, and is not drawn anew. */
export interface Row {
  readonly id: string
  readonly name: string
  readonly mode: 'dry' | 'live'
  readonly currency: string
  readonly state: string
  readonly desired: string
  readonly stale: boolean
  /** Of the last reading, while it is stale; else null, since it moves all the time. */
  readonly ageSeconds: number | null
  readonly equity: string
  readonly startingCapital: string
  readonly profitRatio: string
  readonly today: string
  readonly openTrades: number
  readonly pssBytes: number | null
  /** Versions of default, override and guardrails that it follows; empty while unknown. */
  readonly policy: string
  readonly policyInForce: boolean
  /** Of what it is made. */
  readonly origin: string
  /** Kind of its gravest fault; empty where all is well. */
  readonly fault: string
  readonly level: Level | ''
  readonly message: string
  /** Into the reporting currency; null where none is known. */
  readonly rate: number | null
}

/** What is known of bots besides their readings, by their ids. */
export interface Known {
  records: ReadonlyMap<string, BotResponse>
  told: ReadonlyMap<string, { conditions: readonly ConditionResponse[] }>
  risks: ReadonlyMap<string, BotRiskResponse>
}

export type SortKey = 'need' | 'name' | 'state' | 'profit' | 'today' | 'trades' | 'equity' | 'memory' | 'policy'
export const SORT_KEYS: readonly SortKey[] = ['need', 'name', 'state', 'profit', 'today', 'trades', 'equity', 'memory', 'policy']

export interface Filter {
  text: string
  /** An observed state; empty for all. */
  state: string
  book: '' | 'dry' | 'live'
  /** `any`, or the kind of a fault; empty for all. */
  need: string
}

const NONE: readonly ConditionResponse[] = []

function rowOf(bot: BotPosition, { records, told, risks }: Known): Row {
  const record = records.get(bot.id)
  const fault = faultOf(bot, told.get(bot.id)?.conditions ?? record?.conditions ?? NONE, risks.get(bot.id) ?? null)
  return {
    id: bot.id,
    name: bot.name,
    mode: bot.mode,
    currency: bot.currency,
    state: bot.state,
    desired: bot.desired_state,
    stale: bot.stale,
    ageSeconds: bot.stale ? bot.age_seconds : null,
    equity: bot.equity,
    startingCapital: bot.starting_capital,
    profitRatio: bot.profit_ratio,
    today: bot.realised_today,
    openTrades: bot.open_trades,
    pssBytes: bot.pss_bytes,
    policy: record?.policy?.label ?? '',
    policyInForce: record?.policy?.in_force ?? true,
    origin: record?.template ?? '',
    fault: fault?.kind ?? '',
    level: fault?.level ?? '',
    message: fault?.message ?? '',
    rate: bot.conversion === null ? null : Number(bot.conversion.rate),
  }
}

/** Rows of these bots; of `before` those are taken that would be the same. */
export function rowsOf(bots: readonly BotPosition[], known: Known, before: ReadonlyMap<string, Row>): Map<string, Row> {
  const rows = new Map<string, Row>()
  for (const bot of bots) {
    const now = rowOf(bot, known)
    const then = before.get(bot.id)
    rows.set(bot.id, then !== undefined && isSame(then, now) ? then : now)
  }
  return rows
}

function isSame(one: Row, other: Row): boolean {
  for (const name in one) if (one[name as keyof Row] !== other[name as keyof Row]) return false
  return true
}

export function matches(row: Row, { text, state, book, need }: Filter): boolean {
  if (book !== '' && row.mode !== book) return false
  if (state !== '' && row.state !== state) return false
  if (need !== '' && (need === 'any' ? row.fault === '' : row.fault !== need)) return false
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const whole = `${row.name} ${row.origin} ${row.id} ${row.currency}`.toLowerCase()
  return words.every((word) => whole.includes(word))
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
/** What a person expects at the top when sorting by it for the first time. */
export const DESCENDING_FIRST: ReadonlySet<SortKey> = new Set(['profit', 'today', 'trades', 'equity', 'memory'])

const VALUES: Record<Exclude<SortKey, 'name' | 'state' | 'policy'>, (row: Row) => number | null> = {
  need: (row) => (row.fault === '' ? Number.MAX_SAFE_INTEGER : rankOf(row.fault)),
  profit: (row) => Number(row.profitRatio),
  today: (row) => (row.rate === null ? null : Number(row.today) * row.rate),
  trades: (row) => row.openTrades,
  equity: (row) => (row.rate === null ? null : Number(row.equity) * row.rate),
  memory: (row) => row.pssBytes,
}

/** In this order; what has no value is last either way, and names decide among equals. Money is compared as worth. */
export function sorted(rows: Iterable<Row>, key: SortKey, descending: boolean): Row[] {
  const sign = descending ? -1 : 1
  const byName = (one: Row, other: Row) => collator.compare(one.name, other.name) || (one.id < other.id ? -1 : 1)
  if (key === 'name') return [...rows].sort((one, other) => sign * byName(one, other))
  if (key === 'state' || key === 'policy') {
    return [...rows].sort((one, other) => sign * collator.compare(one[key], other[key]) || byName(one, other))
  }
  const value = VALUES[key]
  return [...rows]
    .map((row) => ({ row, value: value(row) }))
    .sort((one, other) => {
      if (one.value === null || other.value === null) return Number(one.value === null) - Number(other.value === null) || byName(one.row, other.row)
      return sign * (one.value - other.value) || byName(one.row, other.row)
    })
    .map(({ row }) => row)
}
