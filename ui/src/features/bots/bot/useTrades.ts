import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/vue-query'
import { useThrottleFn } from '@vueuse/core'
import { computed, onBeforeUnmount, watch, type Ref } from 'vue'

import { listTrades } from '@/api/generated'
import { useStream } from '@/stream/stream'

import { listOpenTrades, openTradesKey } from './trades'

const AT_MOST_EVERY_MS = 1_000

/** Open trades of a bot with their levels, and its latest closed ones; asked for anew when the stream tells of the bot. */
export function useTrades(id: Ref<string>) {
  const stream = useStream()
  const client = useQueryClient()
  const open = useQuery({
    queryKey: computed(() => openTradesKey(id.value)),
    queryFn: () => listOpenTrades(id.value),
    placeholderData: keepPreviousData,
    staleTime: 0,
  })
  const closed = useQuery({
    queryKey: computed(() => ['trades', id.value, 'closed']),
    queryFn: () => listTrades({ query: { bot_id: id.value, state: 'closed', limit: 100 } }),
    placeholderData: keepPreviousData,
  })
  const askOpen = useThrottleFn(() => void client.invalidateQueries({ queryKey: openTradesKey(id.value) }), AT_MOST_EVERY_MS, true)
  const askAll = useThrottleFn(() => void client.invalidateQueries({ queryKey: ['trades', id.value] }), AT_MOST_EVERY_MS, true)

  watch(() => stream.botById.get(id.value), (now, before) => now !== undefined && before !== undefined && void askOpen())
  watch(() => stream.tradeCount, () => void askOpen())
  watch(() => stream.botById.get(id.value)?.open_trades, () => void askAll())
  onBeforeUnmount(stream.hear('trade', (told) => told.bot_id === id.value && void askAll()))
  return { open, closed, askAll }
}
