/** What a person says of a bot to be made, and the request that it makes: what he leaves alone is left out. */
import type { BotCreate, PreviewProblemResponse, TemplateResponse } from '@/api/generated'

export interface Draft {
  name: string
  template: string | null
  strategy: { id: string; version: number | string } | null
  parameters: Record<string, unknown>
  exchange: string
  tradingMode: 'spot' | 'futures'
  live: boolean
  confirmLive: string
  wallet: string | null
  pairs: string[]
  timeframe: string
  stakeCurrency: string
  stakeAmount: string
  maxOpenTrades: number | null
  startingBalance: string
}

export function emptyDraft(): Draft {
  return {
    name: '',
    template: null,
    strategy: null,
    parameters: {},
    exchange: 'paper',
    tradingMode: 'spot',
    live: false,
    confirmLive: '',
    wallet: null,
    pairs: [],
    timeframe: '',
    stakeCurrency: '',
    stakeAmount: '',
    maxOpenTrades: null,
    startingBalance: '',
  }
}

/** The draft with a template's own values; the name stays where somebody gave one. */
export function withTemplate(draft: Draft, template: TemplateResponse, taken: readonly string[]): Draft {
  const { defaults } = template
  return {
    ...draft,
    name: draft.name || freeName(template.name.replaceAll('_', '-'), taken),
    template: template.name,
    strategy: null,
    parameters: parametersOf(template.parameters),
    exchange: defaults.exchange,
    tradingMode: 'spot',
    live: false,
    confirmLive: '',
    wallet: null,
    pairs: [...defaults.pairs],
    timeframe: defaults.timeframe,
    stakeCurrency: defaults.stake_currency,
    stakeAmount: defaults.stake_amount,
    maxOpenTrades: defaults.max_open_trades,
    startingBalance: defaults.starting_balance,
  }
}

/** `stem`, or `stem-2` and so on where that is taken. */
export function freeName(stem: string, taken: readonly string[]): string {
  const names = new Set(taken)
  if (!names.has(stem)) return stem
  let number = 2
  while (names.has(`${stem}-${number}`)) number += 1
  return `${stem}-${number}`
}

function parametersOf(schema: unknown): Record<string, unknown> {
  const properties = (schema as { properties?: Record<string, { default?: unknown }> }).properties ?? {}
  return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, property.default]))
}

/** The pairs in the other market's spelling: `BTC/USDT` is `BTC/USDT:USDT` as a perpetual. */
export function pairsFor(mode: 'spot' | 'futures', pairs: readonly string[]): string[] {
  return pairs.map((pair) => {
    const spot = pair.split(':')[0]!
    return mode === 'spot' ? spot : `${spot}:${spot.split('/')[1] ?? ''}`
  })
}

export function requestOf(draft: Draft): BotCreate {
  const own = draft.strategy !== null
  return {
    name: draft.name.trim(),
    ...(own ? { strategy: draft.strategy } : { template: draft.template, parameters: draft.parameters }),
    exchange: draft.exchange,
    trading_mode: draft.tradingMode,
    ...(draft.tradingMode === 'futures' ? { margin_mode: 'isolated' } : {}),
    ...(draft.live ? { dry_run: false, confirm_live: draft.confirmLive } : {}),
    ...(draft.wallet === null ? {} : { wallet: draft.wallet }),
    ...(draft.pairs.length > 0 ? { pairs: draft.pairs } : {}),
    ...(draft.timeframe ? { timeframe: draft.timeframe } : {}),
    ...(draft.stakeCurrency ? { stake_currency: draft.stakeCurrency } : {}),
    ...(draft.stakeAmount !== '' ? { stake_amount: String(draft.stakeAmount) } : {}),
    ...(draft.maxOpenTrades !== null ? { max_open_trades: draft.maxOpenTrades } : {}),
    ...(draft.startingBalance !== '' ? { starting_balance: String(draft.startingBalance) } : {}),
  }
}

/** What is wrong, by the field of the form; under the empty name what is about none that the form shows. */
export function problemsByField(problems: readonly PreviewProblemResponse[], shown: ReadonlySet<string>): Record<string, string> {
  const by: Record<string, string> = {}
  for (const { field, detail } of problems) {
    const top = field?.split('.')[0] ?? ''
    const name = field === null || !shown.has(top) ? '' : top
    by[name] = by[name] === undefined ? detail : `${by[name]} ${detail}`
  }
  return by
}

/** What is wrong with parameters, by their name. */
export function parameterProblems(problems: readonly PreviewProblemResponse[]): Record<string, string> {
  return Object.fromEntries(
    problems.filter(({ field }) => field?.startsWith('parameters.')).map(({ field, detail }) => [field!.slice('parameters.'.length), detail]),
  )
}
