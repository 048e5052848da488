import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { refDebounced } from '@vueuse/core'
import { computed, ref, type Ref } from 'vue'

import { getUser, listUsers } from '@/api/generated'
import { useSession } from '@/features/auth/session'

const MOST = 50
const LONGEST_NAME = 64
const GOOD_FOR_MS = 60_000

/** Users by a part of their names, asked of the API as it is typed: administrators find all, others themselves alone. */
export function useUserSearch() {
  const session = useSession()
  const term = ref('')
  const part = computed(() => term.value.trim().slice(0, LONGEST_NAME))
  const search = refDebounced(part, 200)
  const query = useQuery({
    queryKey: computed(() => ['users', 'search', search.value]),
    queryFn: ({ signal }) => listUsers({ query: { search: search.value, limit: MOST }, signal }),
    enabled: computed(() => session.isAdmin),
    staleTime: GOOD_FOR_MS,
    placeholderData: keepPreviousData,
  })
  const found = computed(() => {
    const known = session.isAdmin ? (query.data.value?.items ?? []) : session.me ? [session.me] : []
    return known.filter((one) => one.username.includes(part.value.toLowerCase()))
  })
  return { term, found, query }
}

/** What one user is called, whoever he is; undefined where nobody has that id, or who looks may not know. */
export function useUserName(id: Ref<string | undefined>) {
  const session = useSession()
  const query = useQuery({
    queryKey: computed(() => ['users', 'name', id.value]),
    queryFn: ({ signal }) => getUser({ path: { user_id: id.value! }, signal }),
    enabled: computed(() => session.isAdmin && id.value !== undefined && id.value !== session.me?.id),
    staleTime: GOOD_FOR_MS,
  })
  return computed(() => (id.value !== undefined && id.value === session.me?.id ? session.me.username : query.data.value?.username))
}
