import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'

import { useSession } from '@/features/auth/session'

import { everyone, nameIn } from './people'

const GOOD_FOR_MS = 60_000

/** What users are called: administrators are told, others know themselves alone. */
export function useNames() {
  const session = useSession()
  const query = useQuery({ queryKey: ['users', 'all'], queryFn: ({ signal }) => everyone(signal), enabled: computed(() => session.isAdmin), staleTime: GOOD_FOR_MS })
  const known = computed(() => [...(session.me ? [session.me] : []), ...(query.data.value ?? [])])
  return { nameOf: (id: string) => nameIn(known.value, id) }
}
