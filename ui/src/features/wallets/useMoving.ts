import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { ref } from 'vue'

import { isLost } from './wallets'

/**
 * One movement of money, for as long as its dialog is open: whatever is sent again under its key counts once. After an
 * answer that was lost only the very same may be sent again (`isUnsure`), since it may have been done.
 */
export function useMoving<T>(send: (key: string) => Promise<T>, done: (answer: T) => void) {
  const key = crypto.randomUUID()
  const client = useQueryClient()
  const isUnsure = ref(false)
  const act = useMutation({
    mutationFn: () => send(key),
    networkMode: 'always', // Else a browser without network would keep it, and send it some time later.
    onSuccess: done,
    onError: (error) => (isUnsure.value ||= isLost(error)),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['wallets'] })
      void client.invalidateQueries({ queryKey: ['bots'] })
    },
  })
  return { act, isUnsure }
}
