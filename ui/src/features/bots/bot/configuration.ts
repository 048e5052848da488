/** What of a bot can be changed, and what a change sends. Pure. */
import type { BotPatch, BotResponse } from '@/api/generated'
import { isObject, leaves, type Change, type Json, type JsonObject } from '@/components/changes'
import { changedValues } from '@/components/schema'

export interface Draft {
  stake_amount: string
  max_open_trades: number | undefined
  timeframe: string
  pairs: string[]
  wake_on_need: boolean
  parameters: Record<string, unknown>
}

export const TIMEFRAMES = ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d']

export function draftOf(bot: BotResponse): Draft {
  const { stake_amount, max_open_trades, timeframe, pairs, wake_on_need, parameters } = bot
  return { stake_amount, max_open_trades, timeframe, pairs: [...pairs], wake_on_need, parameters: { ...parameters } }
}

/** Only what differs; null where nothing does. Amounts are compared as numbers: `100` is `100.0`. */
export function patchOf(bot: BotResponse, draft: Draft): BotPatch | null {
  const patch: BotPatch = {}
  if (Number(draft.stake_amount) !== Number(bot.stake_amount)) patch.stake_amount = draft.stake_amount
  if (draft.max_open_trades !== bot.max_open_trades) patch.max_open_trades = draft.max_open_trades
  if (draft.timeframe !== bot.timeframe) patch.timeframe = draft.timeframe
  if (draft.pairs.join() !== bot.pairs.join()) patch.pairs = draft.pairs
  if (draft.wake_on_need !== bot.wake_on_need) patch.wake_on_need = draft.wake_on_need
  const parameters = changedValues(bot.parameters, draft.parameters)
  if (Object.keys(parameters).length > 0) patch.parameters = parameters
  return Object.keys(patch).length > 0 ? patch : null
}

/** What a patch changes, field by field. */
export function changesOf(bot: BotResponse, patch: BotPatch): Change[] {
  const { parameters, ...plain } = patch
  const before = bot as unknown as JsonObject
  return [
    ...Object.entries(plain).map(([path, after]) => ({ path, before: before[path], after: after as Json })),
    ...Object.entries(parameters ?? {}).map(([name, after]) => ({ path: `parameters.${name}`, before: bot.parameters[name] as Json, after: after as Json })),
  ]
}

export function isAmount(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text.trim()) && Number(text) > 0
}

export interface ConfigurationRow {
  path: string
  value: Json
  origin: string | null
}

/** Every value of a configuration with where it is from; of a value within a list the list's. */
export function configurationRows(configuration: Record<string, unknown> | null, sources: readonly { path: string; origin: string }[]): ConfigurationRow[] {
  if (!isObject(configuration)) return []
  const origins = new Map(sources.map((source) => [source.path, source.origin]))
  const originOf = (path: string): string | null => {
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) if (origins.has(at)) return origins.get(at)!
    return null
  }
  return [...leaves(configuration)].map(([path, value]) => ({ path, value, origin: originOf(path) }))
}
