import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import type { BotPosition, ConditionResponse, Portfolio, TradeResponse } from '@/api/generated'
import { type Problem } from '@/api/problem'
import { queryClient } from '@/api/queries'

import { changed, type PortfolioChange } from './change'
import { Connection, type Kind } from './connection'
import { forgetSnapshot, keepSnapshot, readSnapshot } from './snapshot'

/** What the stream tells of a bot whose state changed. */
export interface BotTold {
  id: string
  name: string
  observed_state: string
  trader_state: string | null
  conditions: ConditionResponse[]
}

export interface AlertTold {
  bot_id: string | null
  name: string
  type: string
  message: string
}

export interface TradeTold {
  bot_id: string
  event: string
  /** The trade, where this closed it. */
  closed?: TradeResponse | null
  [field: string]: unknown
}

/** `resting` is a hidden tab; `offline` shows what was last known. */
export type StreamState = 'connecting' | 'live' | 'stale' | 'resting' | 'offline'

/** The server says something every 10 s at least, a comment if nothing else. */
export const STALE_AFTER_MS = 15_000
const REST_AFTER_MS = 60_000
const ALERTS_KEPT = 200
const STREAM_URL = '/api/v1/portfolio/stream?changes=true'

type Told = { bot: BotTold; trade: TradeTold; alert: AlertTold }
type Hearer<K extends keyof Told> = (told: Told[K]) => void

/** Everything live on the page comes from here: one connection, whatever is in view. Others' portfolios: `usePortfolioOf`. */
export const useStream = defineStore('stream', () => {
  const state = ref<StreamState>('connecting')
  const portfolio = shallowRef<Portfolio | null>(null)
  /** Why there is no stream, where the server said it. */
  const problem = shallowRef<Problem | null>(null)
  const told = shallowRef<ReadonlyMap<string, BotTold>>(new Map())
  const alerts = shallowRef<readonly (AlertTold & { at: number })[]>([])
  /** When the portfolio on the page was told, ms since the epoch; 0 before the first. */
  const receivedAt = ref(0)
  /** Counts up with every trade that was told, for what shows trades. */
  const tradeCount = ref(0)
  /** Milliseconds since the epoch, moved every second: ages are shown by it. */
  const now = ref(Date.now())
  const bots = computed<readonly BotPosition[]>(() => portfolio.value?.bots ?? [])
  const botById = computed(() => new Map(bots.value.map((bot) => [bot.id, bot])))
  const isCurrent = computed(() => state.value === 'live')
  const ageSeconds = computed(() => (receivedAt.value ? Math.max(0, (now.value - receivedAt.value) / 1000) : null))

  const hearers: { [K in keyof Told]: Set<Hearer<K>> } = { bot: new Set(), trade: new Set(), alert: new Set() }
  let connection: Connection | null = null
  let lastSign = 0
  let clock: ReturnType<typeof setInterval> | undefined
  let resting: ReturnType<typeof setTimeout> | undefined
  let owner = ''
  /** Id of the event that the portfolio came with; a change builds on it. */
  let portfolioId = ''
  /** Of the last event of any kind; a later connection goes on after it. */
  let lastId = ''

  /** Begins for this user; does nothing where it runs. What was last known is shown meanwhile, and marked. */
  async function start(userId: string): Promise<void> {
    if (clock !== undefined && owner === userId) return
    stop()
    owner = userId
    clock = setInterval(tick, 1000)
    document.addEventListener('visibilitychange', onVisibility)
    connect()
    const kept = await readSnapshot(userId)
    if (kept !== null && portfolio.value === null && owner === userId) {
      portfolio.value = kept.portfolio
      receivedAt.value = kept.at
    }
  }

  /** Shows what was last known, whoever's it is, while nobody answers who is signed in. */
  async function showKept(): Promise<void> {
    const kept = await readSnapshot(null)
    if (clock !== undefined) return
    clock = setInterval(() => (now.value = Date.now()), 1000)
    state.value = 'offline'
    if (kept === null) return
    portfolio.value = kept.portfolio
    receivedAt.value = kept.at
  }

  /** Ends the connection and forgets what it told; with `wipe` also what was kept for offline. */
  function stop(wipe = false): void {
    connection?.close()
    connection = null
    clearInterval(clock)
    clearTimeout(resting)
    clock = undefined
    document.removeEventListener('visibilitychange', onVisibility)
    portfolio.value = null
    portfolioId = lastId = ''
    told.value = new Map()
    alerts.value = []
    problem.value = null
    receivedAt.value = 0
    state.value = 'connecting'
    if (wipe) void forgetSnapshot()
  }

  /** Calls `hearer` with every event of that kind until the returned function is called. */
  function hear<K extends keyof Told>(kind: K, hearer: Hearer<K>): () => void {
    const set: Set<Hearer<K>> = hearers[kind]
    set.add(hearer)
    return () => set.delete(hearer)
  }

  function connect(after = lastId): void {
    connection?.close()
    lastSign = Date.now()
    const listener = {
      event: take,
      alive: () => {
        lastSign = Date.now()
        if (state.value === 'stale') state.value = 'live'
      },
      refused: (why: Problem) => (problem.value = why),
      connected: () => {
        lastSign = Date.now()
        problem.value = null
        state.value = 'live'
      },
      lost: () => {
        if (state.value !== 'resting') state.value = navigator.onLine ? 'connecting' : 'offline'
      },
    }
    connection = new Connection(STREAM_URL, listener, after)
  }

  function takePortfolio(told: Portfolio, id: string): void {
    portfolio.value = told
    portfolioId = id
    receivedAt.value = Date.now()
    void keepSnapshot(owner, told, receivedAt.value)
  }

  function take(kind: Kind, body: unknown, id: string): void {
    if (id !== '') lastId = id
    if (kind === 'portfolio') {
      takePortfolio(body as Portfolio, id)
    } else if (kind === 'change') {
      const { since, ...news } = body as PortfolioChange
      const told = portfolio.value !== null && since === portfolioId ? changed(portfolio.value, news) : null
      if (told !== null) takePortfolio(told, id)
      else connect('') // one before it is missing: a new connection begins with a whole portfolio
    } else if (kind === 'bot') {
      const bot = body as BotTold
      told.value = new Map(told.value).set(bot.id, bot)
      hearers.bot.forEach((hearer) => hearer(bot))
    } else if (kind === 'trade') {
      tradeCount.value += 1
      hearers.trade.forEach((hearer) => hearer(body as TradeTold))
    } else if (kind === 'alert') {
      const alert = body as AlertTold
      alerts.value = [{ ...alert, at: Date.now() }, ...alerts.value].slice(0, ALERTS_KEPT)
      hearers.alert.forEach((hearer) => hearer(alert))
    } else {
      told.value = new Map() // events may be missing: what is asked for anew counts
      tradeCount.value += 1
      void queryClient.invalidateQueries()
    }
  }

  function tick(): void {
    now.value = Date.now()
    if (state.value === 'resting') return
    if (state.value === 'live' && now.value - lastSign > STALE_AFTER_MS) {
      state.value = 'stale'
      connect()
    }
    if (!navigator.onLine) state.value = 'offline'
    else if (state.value === 'offline') {
      state.value = 'connecting'
      connect()
    }
  }

  function onVisibility(): void {
    clearTimeout(resting)
    if (document.hidden) {
      resting = setTimeout(() => {
        connection?.close()
        connection = null
        state.value = 'resting'
      }, REST_AFTER_MS)
    } else if (state.value === 'resting') {
      state.value = 'connecting'
      connect()
    }
  }

  return {
    state, problem, portfolio, bots, botById, told, alerts, receivedAt, ageSeconds, isCurrent, now, tradeCount, start, showKept, stop, hear,
  }
})
