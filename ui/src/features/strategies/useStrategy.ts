import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, onBeforeUnmount, type Ref } from 'vue'

import { getStrategy, listStrategyShares, listStrategyVersions } from '@/api/generated'
import { useSession } from '@/features/auth/session'
import { allBots, RECORDS } from '@/features/fleet/useFleet'
import { useStream } from '@/stream/stream'

import { allOf } from './pages'

/** Checks and roll-outs are in no stream: they are looked at until they have ended. */
export const LOOK_MS = 1_500
export const strategyKey = (id: string) => ['strategy', id] as const

export function useStrategy(id: Ref<string>) {
  const session = useSession()
  const path = computed(() => ({ strategy_id: id.value }))
  const query = useQuery({
    queryKey: computed(() => strategyKey(id.value)),
    queryFn: ({ signal }) => getStrategy({ path: path.value, signal }),
    refetchInterval: ({ state }) => (state.data?.head.check.state === 'waiting' ? LOOK_MS : false),
  })
  const isOwn = computed(() => query.data.value !== undefined && query.data.value.owner_id === session.me?.id)
  /** To others their own share alone is told. */
  const share = useQuery({
    queryKey: computed(() => [...strategyKey(id.value), 'shares']),
    queryFn: ({ signal }) => listStrategyShares({ path: path.value, signal }),
    enabled: computed(() => query.data.value !== undefined && !isOwn.value),
  })
  const level = computed(() => (isOwn.value ? 'own' : (share.data.value?.items[0]?.level ?? 'view')))
  const mayEdit = computed(() => isOwn.value && session.mayTrade)
  const mayUse = computed(() => session.mayTrade && level.value !== 'view')
  return { strategy: query.data, query, isOwn, level, mayEdit, mayUse }
}

/** Newest first, without sources. */
export function useVersions(id: Ref<string>) {
  return useQuery({
    queryKey: computed(() => [...strategyKey(id.value), 'versions']),
    queryFn: ({ signal }) => allOf((after) => listStrategyVersions({ path: { strategy_id: id.value }, query: { limit: 200, after }, signal })),
    refetchInterval: ({ state }) => (state.data?.some((one) => one.check.state === 'waiting') ? LOOK_MS : false),
  })
}

/** Bots of one's own that run the strategy. */
export function useRunning(id: Ref<string>) {
  const session = useSession()
  const stream = useStream()
  const client = useQueryClient()
  const records = useQuery({ queryKey: RECORDS, queryFn: ({ signal }) => allBots(signal) })
  onBeforeUnmount(stream.hear('bot', (told) => running.value.some((one) => one.id === told.id) && void client.invalidateQueries({ queryKey: RECORDS })))
  const running = computed(() =>
    (records.data.value ?? []).filter((bot) => bot.strategy?.id === id.value && bot.owner === session.me?.username && bot.desired_state !== 'deleted'),
  )
  return { running, records }
}
