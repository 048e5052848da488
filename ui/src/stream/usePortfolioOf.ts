import { computed, onBeforeUnmount, ref, type Ref, shallowRef, watch } from 'vue'

import type { Portfolio } from '@/api/generated'
import type { Problem } from '@/api/problem'

import { changed, type PortfolioChange } from './change'
import { Connection, type Kind } from './connection'
import { STALE_AFTER_MS, useStream } from './stream'

const NO_SUCH = 404

/**
 * Somebody else's portfolio, live while it is looked at: a connection beside one's own, which tells of one's own bots
 * alone. It rests when that one does, and is begun anew where nothing comes.
 */
export function usePortfolioOf(user: Ref<string>) {
  const own = useStream()
  const portfolio = shallowRef<Portfolio | null>(null)
  /** Why there is none, where the server said it. */
  const problem = shallowRef<Problem | null>(null)
  const isLive = ref(false)
  /** When the portfolio was told, ms since the epoch. */
  const receivedAt = ref(0)
  let connection: Connection | null = null
  let portfolioId = ''
  let lastSign = 0

  function close(): void {
    connection?.close()
    connection = null
    isLive.value = false
  }

  function connect(): void {
    close()
    portfolioId = ''
    lastSign = Date.now()
    const listener = {
      event: take,
      alive: () => (lastSign = Date.now()),
      connected: () => {
        lastSign = Date.now()
        problem.value = null
        isLive.value = true
      },
      lost: () => (isLive.value = false),
      refused: (why: Problem) => {
        problem.value = why
        if (why.status === NO_SUCH) portfolio.value = null
      },
    }
    connection = new Connection(`/api/v1/portfolio/stream?changes=true&user=${encodeURIComponent(user.value)}`, listener)
  }

  function take(kind: Kind, body: unknown, id: string): void {
    if (kind === 'portfolio') {
      keep(body as Portfolio, id)
    } else if (kind === 'change') {
      const { since, ...news } = body as PortfolioChange
      const told = portfolio.value !== null && since === portfolioId ? changed(portfolio.value, news) : null
      if (told === null) connect()
      else keep(told, id)
    }
  }

  function keep(told: Portfolio, id: string): void {
    portfolio.value = told
    portfolioId = id
    receivedAt.value = Date.now()
  }

  watch(
    user,
    () => {
      portfolio.value = problem.value = null
      connect()
    },
    { immediate: true },
  )
  watch(
    () => own.state,
    (state) => {
      if (state === 'resting' || state === 'offline') close()
      else if (connection === null) connect()
    },
  )
  watch(
    () => own.now,
    (now) => {
      if (connection !== null && now - lastSign > STALE_AFTER_MS && problem.value?.status !== NO_SUCH) connect()
    },
  )
  onBeforeUnmount(close)

  return { portfolio, problem, isLive, ageSeconds: computed(() => Math.max(0, (own.now - receivedAt.value) / 1000)), receivedAt, retry: connect }
}
