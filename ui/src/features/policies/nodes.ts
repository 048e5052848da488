/**
 * How documents are shown as forms: what each field of the API's schema is to a person (a share in per cent, minutes, a
 * choice). Names are checked against the generated types: a field that the API gains or loses fails the type check.
 */
import type {
  BreakEven,
  CoolDown,
  EquitySize,
  FixedSize,
  GroupExposure,
  Guardrails,
  HardStop,
  KellySize,
  Limits,
  LossLimit,
  MarketEmergency,
  PolicyDocument,
  PolicyOverride,
  RiskSize,
  TakeProfit,
  TakeProfitLevel,
  TimeExit,
  TradingHours,
  TrailingStop,
  VolatilitySize,
} from '@/api/generated'
import type { JsonObject } from '@/components/changes'

/** `ratio` is shown in per cent; `multiple` is of an average true range. */
export type Kind =
  | 'ratio' | 'decimal' | 'multiple' | 'whole' | 'minutes' | 'hours' | 'choice' | 'text' | 'zone' | 'time' | 'days'

export interface Leaf {
  is: 'leaf'
  kind: Kind
  choices?: readonly string[]
  /** What counts where nothing is given. */
  preset?: string
  /** Whether the field has a meaning beside these others. */
  when?: (fields: JsonObject) => boolean
}
export interface Group {
  is: 'group'
  nodes: Node[]
  /** What it begins with where it is switched on. */
  start: JsonObject
}
export interface List {
  is: 'list'
  nodes: Node[]
  start: JsonObject
  most: number
}
/** One of several groups, by the value of its field `by`. */
export interface Variant {
  is: 'variant'
  by: string
  cases: Record<string, { nodes: Node[]; start: JsonObject }>
}
export type Spec = Leaf | Group | List | Variant
export type Node = Spec & {
  name: string
  /** Where its words are in the catalogue; left out: under its own path. */
  words?: string
}

const leaf = (kind: Kind, rest: Omit<Leaf, 'is' | 'kind'> = {}): Leaf => ({ is: 'leaf', kind, ...rest })
const choice = (choices: readonly string[], rest: Omit<Leaf, 'is' | 'kind'> = {}) => leaf('choice', { choices, ...rest })

function fields<T>(specs: { [K in keyof Required<T> & string]: Spec & { words?: string } }): Node[] {
  return Object.entries<Spec & { words?: string }>(specs).map(([name, spec]) => ({ ...spec, name }))
}

function group<T>(start: JsonObject, specs: Parameters<typeof fields<T>>[0]): Group {
  return { is: 'group', start, nodes: fields<T>(specs) }
}

function list<T>(start: JsonObject, most: number, specs: Parameters<typeof fields<T>>[0]): List {
  return { is: 'list', start, most, nodes: fields<T>(specs) }
}

const RESPONDING = {
  response: choice(['pause', 'reduce', 'flatten'], { preset: 'pause' }),
  reduce_fraction: leaf('ratio', { preset: '0.5', when: ({ response }) => response === 'reduce' }),
  release: choice(['next_day', 'after_hours', 'manual'], { preset: 'next_day' }),
  release_hours: leaf('hours', { when: ({ release }) => release === 'after_hours' }),
}
const responding = Object.fromEntries(
  Object.entries(RESPONDING).map(([name, spec]) => [name, { ...spec, words: `responding.${name}` }]),
) as { [K in keyof typeof RESPONDING]: Leaf & { words: string } }

const ATR = {
  atr_multiple: { ...leaf('multiple'), words: 'atr.multiple' },
  atr_period: { ...leaf('whole', { preset: '14', when: ({ atr_multiple }) => atr_multiple !== undefined && atr_multiple !== null }), words: 'atr.period' },
}

const ownLimits = {
  cool_down: group<CoolDown>(
    { after_loss_minutes: 30 },
    { after_loss_minutes: leaf('minutes'), losses: leaf('whole'), after_streak_minutes: leaf('minutes') },
  ),
  trading_hours: list<TradingHours>({ days: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '09:00:00', end: '17:00:00' }, 21, {
    days: leaf('days'),
    start: leaf('time'),
    end: leaf('time'),
  }),
}

const limits = group<Limits>(
  { open_trades: 10 },
  {
    open_trades: leaf('whole'),
    asset_trades: leaf('whole'),
    asset_exposure: leaf('ratio'),
    total_exposure: leaf('ratio'),
    group_exposure: group<GroupExposure>(
      { ratio: '0.5' },
      {
        ratio: leaf('ratio'),
        correlation: leaf('decimal', { preset: '0.8' }),
        timeframe: choice(['1m', '5m', '15m', '1h', '4h', '1d'], { preset: '1h' }),
        candles: leaf('whole', { preset: '168' }),
      },
    ),
    ...ownLimits,
  },
)

const LOSS_START = { scope: 'user', window: 'daily', ratio: '0.05' }
const lossLimit = (scopes: readonly string[]) => ({
  scope: choice(scopes),
  window: choice(['daily', 'weekly', 'drawdown']),
  ratio: leaf('ratio'),
  ...responding,
})

const sections = {
  hard_stop: group<HardStop>({ distance: '0.1' }, { distance: leaf('ratio'), ...ATR }),
  take_profit: group<TakeProfit>(
    { levels: [{ profit: '0.02', fraction: '0.5' }, { profit: '0.05' }] },
    { levels: list<TakeProfitLevel>({ profit: '0.1' }, 10, { profit: leaf('ratio'), fraction: leaf('ratio') }) },
  ),
  trailing_stop: group<TrailingStop>(
    { activation: '0.03', distance: '0.015' },
    { activation: leaf('ratio'), distance: leaf('ratio'), ...ATR, lock_in: leaf('ratio'), step: leaf('ratio', { preset: '0' }) },
  ),
  break_even: group<BreakEven>({ trigger: '0.02' }, { trigger: leaf('ratio'), offset: leaf('ratio', { preset: '0' }) }),
  time_exit: group<TimeExit>({ after_minutes: 1440 }, { after_minutes: leaf('minutes'), only_below_profit: leaf('ratio') }),
  sizing: sizing(),
}

/** A user's default. */
export const DEFAULT_NODES = fields<Omit<PolicyDocument, 'schema_version'>>({
  ...sections,
  limits,
  loss_limits: list<LossLimit>(LOSS_START, 18, lossLimit(['user', 'bot'])),
  emergency: group<MarketEmergency>(
    { pair: 'BTC/USDT', ratio: '0.1', minutes: 60, release: 'after_hours', release_hours: 4 },
    { pair: leaf('text'), ratio: leaf('ratio'), minutes: leaf('minutes'), ...responding },
  ),
  time_zone: leaf('zone', { preset: 'UTC' }),
})

/** What one bot has otherwise. */
export const OVERRIDE_NODES = fields<Omit<PolicyOverride, 'schema_version'>>({
  ...sections,
  limits: group<Pick<Limits, 'cool_down' | 'trading_hours'>>({}, ownLimits),
  loss_limits: list<LossLimit>({ ...LOSS_START, scope: 'bot' }, 18, lossLimit(['bot'])),
})

export const GUARDRAIL_NODES = fields<Guardrails>({
  hard_stop_at_most: leaf('ratio'),
  stake_at_most: leaf('ratio'),
  open_trades_at_most: leaf('whole'),
  asset_exposure_at_most: leaf('ratio'),
  total_exposure_at_most: leaf('ratio'),
  group_exposure_at_most: leaf('ratio'),
  daily_loss_at_most: leaf('ratio'),
  weekly_loss_at_most: leaf('ratio'),
  drawdown_at_most: leaf('ratio'),
})

function sizing(): Variant {
  const method = leaf('choice', { choices: ['risk', 'equity', 'fixed', 'volatility', 'kelly'] })
  return {
    is: 'variant',
    by: 'method',
    cases: {
      risk: group<RiskSize>({ method: 'risk', ratio: '0.01' }, { method, ratio: leaf('ratio') }),
      equity: group<EquitySize>({ method: 'equity', ratio: '0.1' }, { method, ratio: leaf('ratio') }),
      fixed: group<FixedSize>({ method: 'fixed', amount: '100' }, { method, amount: leaf('decimal'), currency: leaf('text') }),
      volatility: group<VolatilitySize>(
        { method: 'volatility', ratio: '0.005' },
        { method, ratio: leaf('ratio'), atr_period: { ...leaf('whole', { preset: '14' }), words: 'atr.period' } },
      ),
      kelly: group<KellySize>(
        { method: 'kelly' },
        {
          method,
          fraction: leaf('ratio', { preset: '0.25' }),
          cap: leaf('ratio', { preset: '0.1' }),
          trades: leaf('whole', { preset: '100' }),
          least_trades: leaf('whole', { preset: '20' }),
        },
      ),
    },
  }
}

/** The nodes inside of a node, for what its fields are. */
export function inside(node: Node, value: unknown): Node[] {
  if (node.is === 'leaf') return []
  if (node.is !== 'variant') return node.nodes
  const by = typeof value === 'object' && value !== null ? (value as JsonObject)[node.by] : undefined
  return node.cases[String(by)]?.nodes ?? Object.values(node.cases).flatMap((one) => one.nodes)
}

/** The node that a path names, and where its words are: the path without places in lists. */
export function nodeAt(nodes: Node[], path: readonly string[]): { node: Node; words: string } | null {
  let [within, words, found]: [Node[], string, Node | null] = [nodes, '', null]
  for (const name of path) {
    if (found?.is === 'list' && /^\d+$/.test(name)) continue
    found = within.find((one) => one.name === name) ?? null
    if (found === null) return null
    words = wordsOf(found, words)
    within = inside(found, undefined)
  }
  return found === null ? null : { node: found, words }
}

export function wordsOf(node: Node, above: string): string {
  return node.words ?? (above ? `${above}.${node.name}` : node.name)
}

/** The fields of an object without those that have no meaning beside the others. */
export function settled(nodes: Node[], value: JsonObject): JsonObject {
  const idle = nodes.filter((node) => node.is === 'leaf' && node.when?.(value) === false).map((node) => node.name)
  return Object.fromEntries(Object.entries(value).filter(([name]) => !idle.includes(name)))
}
