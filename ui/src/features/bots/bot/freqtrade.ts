/**
 * What this page reads of a bot's own FreqTrade API, through the relay. Its answers are FreqTrade's, which our OpenAPI
 * document does not describe: only the fields that are used here stand below, by FreqTrade's names.
 */
import { client } from '@/api/generated/client.gen'

export interface PairCandles {
  pair: string
  timeframe: string
  timeframe_ms: number
  /** Names of the values in a row of `data`. */
  columns: string[]
  /** Those of the strategy's dataframe. */
  all_columns?: string[]
  data: unknown[][]
}

export interface PlotColumn {
  color?: string
  type?: string
}

export interface PlotConfig {
  main_plot?: Record<string, PlotColumn>
  subplots?: Record<string, Record<string, PlotColumn>>
}

export interface PairPerformance {
  pair: string
  count: number
  profit_ratio: number
  profit_abs: number
}

export interface Lock {
  id: number
  pair: string
  side: string
  reason: string
  lock_timestamp: number
  lock_end_timestamp: number
}

type Query = Record<string, string | number>

async function get<T>(botId: string, path: string, query?: Query): Promise<T> {
  const url = `/api/v1/bots/${encodeURIComponent(botId)}/freqtrade/api/v1/${path}`
  return (await client.get({ url, query, responseStyle: 'data', throwOnError: true })) as T
}

async function post<T>(botId: string, path: string, body: unknown): Promise<T> {
  const url = `/api/v1/bots/${encodeURIComponent(botId)}/freqtrade/api/v1/${path}`
  return (await client.post({ url, body, headers: { 'Content-Type': 'application/json' }, responseStyle: 'data', throwOnError: true })) as T
}

export const CANDLES_AT_MOST = 1000

export const pairCandles = (bot: string, pair: string, timeframe: string) =>
  get<PairCandles>(bot, 'pair_candles', { pair, timeframe, limit: CANDLES_AT_MOST })
export const plotConfig = (bot: string) => get<PlotConfig>(bot, 'plot_config')
export const whitelist = async (bot: string) => (await get<{ whitelist: string[] }>(bot, 'whitelist')).whitelist
export const performance = (bot: string) => get<PairPerformance[]>(bot, 'performance')
export const locks = async (bot: string) => (await get<{ locks: Lock[] }>(bot, 'locks')).locks
export const removeLock = (bot: string, lock: number) => post<unknown>(bot, 'locks/delete', { lockid: lock })
/** Sells at the market what the trade still holds. */
export const forceExit = (bot: string, trade: number) => post<{ result?: string }>(bot, 'forceexit', { tradeid: String(trade), ordertype: 'market' })
