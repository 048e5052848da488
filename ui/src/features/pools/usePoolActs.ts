import { useToast } from '@nuxt/ui/composables'
import { useMutation } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'

import { abandonMove, cordonPool, restartPool, rotatePoolToken, uncordonPool, type MoveResponse, type PoolResponse } from '@/api/generated'
import { asProblem } from '@/api/problem'
import { confirm } from '@/components/confirm'

import { useFresh } from './usePools'

const PLAIN = { cordon: cordonPool, uncordon: uncordonPool, restart: restartPool, rotate: rotatePoolToken } as const
export type PlainAct = keyof typeof PLAIN

/** Acts on one pool that need no more than a yes, and the end of a move. */
export function usePoolActs() {
  const { t } = useI18n()
  const toast = useToast()
  const fresh = useFresh()
  const failed = (error: unknown) => toast.add({ color: 'error', title: asProblem(error).title, description: asProblem(error).message, duration: 0 })

  const plain = useMutation<unknown, Error, { act: PlainAct; pool: string }>({
    mutationFn: ({ act, pool }) => PLAIN[act]({ path: { pool_id: pool } }),
    onSuccess: (_answer, { act, pool }) => toast.add({ color: 'success', title: t(`pools.done.${act}`, { pool }) }),
    onError: failed,
    onSettled: fresh,
  })
  const abandon = useMutation({
    mutationFn: (move: MoveResponse) => abandonMove({ path: { bot_id: move.bot_id } }),
    onError: failed,
    onSettled: fresh,
  })

  async function run(act: PlainAct, pool: PoolResponse): Promise<void> {
    const asks = act === 'restart' || act === 'rotate'
    const consequences = asks ? [t(`pools.ask.${act}Text`), t(`pools.ask.${act}Then`, { count: pool.slots_used }, pool.slots_used)] : []
    if (asks && !(await confirm({ title: t(`pools.ask.${act}`, { pool: pool.id }), consequences, action: t(`pools.act.${act}`) }))) return
    plain.mutate({ act, pool: pool.id })
  }

  async function end(move: MoveResponse, bot: string): Promise<void> {
    const consequences = [t('pools.move.abandonText', { source: move.source_pool_id }), t('pools.move.abandonThen')]
    if (await confirm({ title: t('pools.move.abandonOf', { bot }), consequences, action: t('pools.move.abandon') })) abandon.mutate(move)
  }

  return { plain, abandon, run, end }
}
