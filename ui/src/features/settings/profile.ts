import { useMutation } from '@tanstack/vue-query'

import { updateMe } from '@/api/generated'
import type { ProfileChange } from '@/api/generated'
import { useSession } from '@/features/auth/session'

/** Changes one's own profile; who one is is known anew with the answer. */
export function useProfileChange() {
  const session = useSession()
  return useMutation({
    mutationFn: (change: ProfileChange) => updateMe({ body: change }),
    onSuccess: (me) => (session.me = me),
  })
}
