import { useToast } from '@nuxt/ui/composables'
import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'

import { checkExchangeKey, deleteExchangeKey, listExchangeKeys, type KeyResponse } from '@/api/generated'
import { asProblem } from '@/api/problem'
import { confirm } from '@/components/confirm'

/** What hangs on keys is asked for anew: their account's wallets, where bots may trade live, what seals how many. */
export function useKeysTold(): () => void {
  const client = useQueryClient()
  return () => {
    for (const key of [['exchange-keys'], ['wallets'], ['exchanges'], ['vault']]) void client.invalidateQueries({ queryKey: key })
  }
}

/** One's exchange keys, and what is done to one that is there. Nothing secret is ever in here. */
export function useKeys() {
  const { t } = useI18n()
  const toast = useToast()
  const told = useKeysTold()
  const query = useQuery({ queryKey: ['exchange-keys'], queryFn: ({ signal }) => listExchangeKeys({ signal }) })

  function failed(error: unknown): void {
    const { title, message } = asProblem(error)
    toast.add({ color: 'error', title, description: message, duration: 0 })
  }

  const check = useMutation({
    mutationFn: (key: KeyResponse) => checkExchangeKey({ path: { key_id: key.id } }),
    onSuccess: (key) => toast.add({ color: key.state === 'active' ? 'success' : 'error', title: t(`wallets.keys.checked.${key.state}`, { name: key.name }), description: key.problem ?? '' }),
    onError: failed,
    onSettled: told,
  })
  const remove = useMutation({
    mutationFn: (key: KeyResponse) => deleteExchangeKey({ path: { key_id: key.id } }),
    onSuccess: (_none, key) => toast.add({ color: 'success', title: t('wallets.keys.deleted', { name: key.name }), description: t('wallets.keys.deletedText') }),
    onError: failed,
    onSettled: told,
  })

  async function askToRemove(key: KeyResponse): Promise<void> {
    const consequences = [
      t('wallets.keys.delete.text'),
      ...(key.bots.length ? [t('wallets.keys.delete.bots', { bots: key.bots.join(', ') })] : [t('wallets.keys.delete.noBots')]),
      t('wallets.keys.delete.wallets'),
      t('wallets.keys.delete.there'),
    ]
    if (await confirm({ title: t('wallets.keys.delete.title', { name: key.name }), consequences, typed: key.name, action: t('common.action.delete'), danger: true })) remove.mutate(key)
  }

  return { query, check, remove, askToRemove }
}
