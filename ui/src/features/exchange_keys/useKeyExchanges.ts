import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'

import { listExchanges } from '@/api/generated'

/** Exchanges whose keys are taken, and with which a passphrase comes: as the API says. */
export function useKeyExchanges() {
  const query = useQuery({ queryKey: ['exchanges'], queryFn: () => listExchanges(), staleTime: 60_000 })
  const taken = computed(() => (query.data.value?.items ?? []).filter((one) => one.takes_keys))
  const hasPassphrase = (id: string): boolean => taken.value.some((one) => one.id === id && one.has_passphrase)
  return { query, taken, hasPassphrase }
}
