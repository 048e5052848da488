/** What each bot of the plan would be, and what stands in its way, asked as one types. */
import { keepPreviousData, useQueries } from '@tanstack/vue-query'
import { refDebounced } from '@vueuse/core'
import { computed, type Ref } from 'vue'

import { previewBot } from '@/api/generated'
import { requestOf } from '@/features/bots/create/draft'

import type { Plan } from './plan'

export function usePreviews(plan: Ref<Plan>) {
  const wanted = computed(() => plan.value.bots.filter(({ id }) => id === null).map(({ key, draft }) => ({ key, body: requestOf(draft) })))
  const asked = refDebounced(wanted, 300)
  const previews = useQueries({
    queries: computed(() =>
      asked.value.map(({ body }) => ({ queryKey: ['bot-preview', body], queryFn: () => previewBot({ body }), placeholderData: keepPreviousData, gcTime: 0 })),
    ),
  })
  /** By the key of the bot. */
  const byKey = computed(() => new Map(asked.value.map(({ key }, place) => [key, previews.value[place]])))
  const errors = computed(() => previews.value.map(({ error }) => error).filter((error) => error !== null))
  const isCurrent = computed(() => JSON.stringify(asked.value) === JSON.stringify(wanted.value) && previews.value.every((one) => !one.isFetching))
  const isGood = computed(() => isCurrent.value && previews.value.every((one) => one.data?.problems.length === 0))
  return { byKey, errors, isCurrent, isGood, retry: () => previews.value.forEach((one) => void one.refetch()) }
}
