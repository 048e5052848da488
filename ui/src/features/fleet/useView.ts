import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import { useSession } from '@/features/auth/session'

import { readView, type View, writeView } from './view'

/** What the address says of the page. A change replaces it: going back leaves the page. */
export function useView() {
  const route = useRoute()
  const router = useRouter()
  const session = useSession()
  const usual = computed(() => session.me?.preferences?.default_range ?? '24h')
  const view = computed<View>((before) => {
    const now = readView(route.query, usual.value)
    return before !== undefined && JSON.stringify(before) === JSON.stringify(now) ? before : now
  })

  function change(part: Partial<View>): void {
    void router.replace({ query: writeView({ ...view.value, ...part }, usual.value), hash: route.hash })
  }

  return { view, change }
}
