import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, onBeforeUnmount, type Ref } from 'vue'

import { getBot } from '@/api/generated'
import { useSession } from '@/features/auth/session'
import { useStream } from '@/stream/stream'

import { listOpenTrades, openTradesKey } from './trades'

const WITHOUT_STREAM_MS = 10_000

export const botKey = (id: string) => ['bot', id] as const

/** A bot as wanted and as seen: what the stream told last counts, and has the rest asked for anew. */
export function useBot(id: Ref<string>) {
  const stream = useStream()
  const session = useSession()
  const client = useQueryClient()
  const position = computed(() => stream.botById.get(id.value) ?? null)
  /** Bots that others share are in nobody else's stream. */
  const isElsewhere = computed(() => stream.portfolio !== null && position.value === null)
  const query = useQuery({
    queryKey: computed(() => botKey(id.value)),
    queryFn: () => getBot({ path: { bot_id: id.value } }),
    refetchInterval: () => (isElsewhere.value ? WITHOUT_STREAM_MS : false),
  })
  const trades = useQuery({
    queryKey: computed(() => openTradesKey(id.value)),
    queryFn: () => listOpenTrades(id.value),
    enabled: isElsewhere,
    refetchInterval: WITHOUT_STREAM_MS,
  })
  const openTrades = computed(() => position.value?.open_trades ?? trades.data.value?.items.length ?? null)
  onBeforeUnmount(stream.hear('bot', (told) => told.id === id.value && void client.invalidateQueries({ queryKey: botKey(told.id) })))

  const told = computed(() => stream.told.get(id.value) ?? null)
  const bot = computed(() => {
    const asked = query.data.value
    if (asked === undefined) return undefined
    const now = told.value
    return now === null ? asked : { ...asked, name: now.name, observed_state: now.observed_state, trader_state: now.trader_state, conditions: now.conditions }
  })
  const mayOperate = computed(() => session.mayTrade && bot.value !== undefined && bot.value.access !== 'view')
  const mayOwn = computed(() => session.mayTrade && bot.value?.access === 'own')
  return { bot, position, openTrades, query, mayOperate, mayOwn }
}
