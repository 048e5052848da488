import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import { listTrades, type BotResponse } from '@/api/generated'

import { candlesOf, columnsOf, forming as formingOf, grouped, secondsOf, timeframesOf, type Seen } from './candles'
import { pairCandles, plotConfig, whitelist } from './freqtrade'
import { indicatorsOf, type Indicators } from './indicators'
import { levelLines, tradeMarks } from './levels'
import { ALL_SHOWN, overlaysOf, type Shown } from './overlays'
import { fromConfig, placed } from './plot'
import { withTold } from './trades'
import { useTrades } from './useTrades'

const AFTER_CLOSE_MS = 3_000
const SHORTEST_WAIT_MS = 5_000
const SEEN_AT_MOST = 600
const EXITS_LISTED = 5
const CLOSED_AT_MOST = 100

/** All that the chart of a bot shows; what is chosen stands in the URL. */
export function useChart(bot: Ref<BotResponse>) {
  const route = useRoute()
  const router = useRouter()
  const id = computed(() => bot.value.id)
  const { open: openTrades, told } = useTrades(id)
  const closed = useQuery({
    queryKey: computed(() => ['trades', id.value, 'closed']),
    queryFn: () => listTrades({ query: { bot_id: id.value, state: 'closed', limit: CLOSED_AT_MOST } }),
    placeholderData: keepPreviousData,
  })
  const closedTrades = computed(() => withTold(closed.data.value?.items ?? [], told.value))

  /** The pair that is looked at stays, also when its trade ends. */
  const firstPair = ref<string | null>(null)
  watch(openTrades, (trades) => (firstPair.value ??= trades[0]?.pair ?? null), { immediate: true })

  function asked<T extends string | string[]>(name: string, read: (value: string | null) => T, write: (value: T) => string | undefined) {
    return computed<T>({
      get: () => read(typeof route.query[name] === 'string' ? route.query[name] : null),
      set: (value) => void router.replace({ query: { ...route.query, [name]: write(value) } }),
    })
  }
  const list = (value: string | null) => (value ? value.split(',') : [])
  const pair = asked('pair', (value) => value ?? firstPair.value ?? bot.value.pairs[0] ?? '', (value) => value)
  const timeframe = asked('timeframe', (value) => value ?? bot.value.timeframe, (value) => (value === bot.value.timeframe ? undefined : value))
  const shown = asked<Shown[]>('show', (value) => (value === null ? ['strategy'] : ALL_SHOWN.filter((one) => list(value).includes(one))), (value) => value.join(','))
  const chosen = asked<string[]>('columns', list, (value) => value.join(',') || undefined)

  const runs = computed(() => bot.value.observed_state === 'running' || bot.value.observed_state === 'paused')
  const white = useQuery({ queryKey: computed(() => ['whitelist', id.value]), queryFn: () => whitelist(id.value), staleTime: 60_000, enabled: runs })
  const pairs = computed(() => [...new Set([...(white.data.value ?? bot.value.pairs), ...openTrades.value.map((trade) => trade.pair), pair.value])].filter(Boolean))
  const timeframes = computed(() => timeframesOf(bot.value.timeframe))
  const ownSeconds = computed(() => secondsOf(bot.value.timeframe))
  const seconds = computed(() => secondsOf(timeframe.value) || ownSeconds.value)

  /** FreqTrade has a candle once it is over: that is when it is asked again. */
  function untilNext(): number {
    const length = ownSeconds.value * 1000
    return length === 0 ? 60_000 : Math.max(SHORTEST_WAIT_MS, length - (Date.now() % length) + AFTER_CLOSE_MS)
  }
  const query = useQuery({
    queryKey: computed(() => ['pair_candles', id.value, pair.value, bot.value.timeframe]),
    queryFn: () => pairCandles(id.value, pair.value, bot.value.timeframe),
    refetchInterval: untilNext,
    enabled: runs,
    placeholderData: (before, asking) => (asking?.queryKey[2] === pair.value ? before : undefined),
  })
  const plots = useQuery({ queryKey: computed(() => ['plot_config', id.value]), queryFn: () => plotConfig(id.value), staleTime: 300_000, enabled: runs })

  const own = computed(() => (query.data.value === undefined ? [] : candlesOf(query.data.value)))
  const columns = computed(() => (query.data.value === undefined ? [] : columnsOf(query.data.value)))
  const candles = computed(() => (seconds.value > ownSeconds.value ? grouped(own.value, seconds.value) : own.value))

  /** Prices of the pair that trades told, for the candle that is not over. */
  const seen = shallowRef<Seen[]>([])
  watch(pair, () => (seen.value = []))
  const openOfPair = computed(() => openTrades.value.filter((trade) => trade.pair === pair.value))
  const exitsOfPair = computed(() => closedTrades.value.filter((trade) => trade.pair === pair.value).slice(0, EXITS_LISTED))
  watch(
    [openOfPair, exitsOfPair],
    () => {
      const told = [
        ...openOfPair.value.map((trade) => ({ at: Date.parse(trade.reported_at ?? '') / 1000, price: Number(trade.current_rate) })),
        ...exitsOfPair.value.map((trade) => ({ at: Date.parse(trade.closed_at ?? '') / 1000, price: Number(trade.close_rate) })),
      ].filter((one) => Number.isFinite(one.at) && one.price > 0)
      const known = new Map([...seen.value, ...told].map((one) => [`${one.at}:${one.price}`, one]))
      seen.value = [...known.values()].sort((one, other) => one.at - other.at).slice(-SEEN_AT_MOST)
    },
    { immediate: true },
  )
  /** Of the bot's own timeframe the newest; of longer ones the last candle is in the making anyway. */
  const forming = computed(() => {
    const next = formingOf(own.value.at(-1), ownSeconds.value, seen.value)
    if (next === null || seconds.value === ownSeconds.value) return next
    const last = candles.value.at(-1)!
    const grown = grouped([last, { ...next, volume: 0 }], seconds.value)
    return grown.at(-1)!
  })

  const indicators = shallowRef<Indicators | null>(null)
  const wantsIndicators = computed(() => shown.value.some((one) => one !== 'strategy'))
  watch(
    [candles, wantsIndicators],
    async ([now, wanted]) => {
      const found = wanted ? await indicatorsOf(now) : null
      if (now === candles.value) indicators.value = found
    },
    { immediate: true },
  )
  const plotted = computed(() => {
    const told = shown.value.includes('strategy') ? fromConfig(plots.data.value, columns.value) : []
    const there = new Set(told.map((one) => one.column))
    return [...told, ...chosen.value.filter((column) => !there.has(column) && columns.value.includes(column)).map((column) => placed(column, candles.value))]
  })
  const overlays = computed(() => overlaysOf(candles.value, indicators.value, new Set(shown.value), plotted.value))
  const lines = computed(() => openOfPair.value.flatMap(levelLines))
  const marks = computed(() => tradeMarks([...closedTrades.value, ...openTrades.value], pair.value, seconds.value, candles.value[0]?.time ?? 0))
  const lastPrice = computed(() => forming.value?.close ?? candles.value.at(-1)?.close ?? null)

  return { pair, pairs, timeframe, timeframes, shown, columns, chosen, candles, forming, overlays, lines, marks, query, runs, lastPrice, openOfPair, exitsOfPair }
}
