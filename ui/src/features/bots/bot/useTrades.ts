import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/vue-query'
import { useThrottleFn } from '@vueuse/core'
import { computed, onBeforeUnmount, shallowRef, watch, type Ref } from 'vue'

import type { TradeResponse } from '@/api/generated'
import { useStream } from '@/stream/stream'

import { listOpenTrades, openTradesKey, stillOpen, tradeKey } from './trades'

const AT_MOST_EVERY_MS = 1_000
const TOLD_KEPT = 100

/**
 * Open trades of a bot with their levels, and those that the stream told as closed, newest first. What the stream tells
 * is shown as it is told; all that is listed of the bot's trades is asked for anew behind it.
 */
export function useTrades(id: Ref<string>) {
  const stream = useStream()
  const client = useQueryClient()
  const query = useQuery({
    queryKey: computed(() => openTradesKey(id.value)),
    queryFn: () => listOpenTrades(id.value),
    placeholderData: keepPreviousData,
    staleTime: 0,
  })
  const told = shallowRef<readonly TradeResponse[]>([])
  const open = computed(() => stillOpen(query.data.value?.items ?? [], told.value))
  const askOpen = useThrottleFn(() => void client.invalidateQueries({ queryKey: openTradesKey(id.value) }, { cancelRefetch: false }), AT_MOST_EVERY_MS, true)
  const askAll = useThrottleFn(() => void client.invalidateQueries({ queryKey: ['trades', id.value] }), AT_MOST_EVERY_MS, true)

  watch(id, () => (told.value = []))
  watch(() => stream.botById.get(id.value), (now, before) => now !== undefined && before !== undefined && void askOpen())
  watch(() => stream.botById.get(id.value)?.open_trades, () => void askAll())
  onBeforeUnmount(
    stream.hear('trade', ({ bot_id, closed }) => {
      if (bot_id !== id.value) return
      if (closed) told.value = [closed, ...told.value.filter((one) => tradeKey(one) !== tradeKey(closed))].slice(0, TOLD_KEPT)
      void askAll()
    }),
  )
  return { query, open, told, askAll }
}
