import { useToast } from '@nuxt/ui/composables'
import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'

import { haltRisk, reduceRisk, releaseRisk, type ActResponse, type HaltRequest } from '@/api/generated'
import { asProblem } from '@/api/problem'
import { confirm } from '@/components/confirm'

export type Target = Pick<HaltRequest, 'scope' | 'bot_id' | 'user'>

export interface Act {
  target: Target
  reason: string
  what: 'halt' | 'reduce' | 'release'
  /** Halt: close everything. */
  flatten?: boolean
  /** Reduce: close so much of each open trade, a ratio as decimal. */
  fraction?: string
}

/** Halts, reduces and releases. A release takes two calls: the first one tells its consequences. */
export function useActs() {
  const { t } = useI18n()
  const toast = useToast()
  const client = useQueryClient()

  async function act({ target, reason, what, flatten, fraction }: Act): Promise<ActResponse | null> {
    if (what === 'halt') return haltRisk({ body: { ...target, reason, flatten: flatten ?? false } })
    if (what === 'reduce') return reduceRisk({ body: { ...target, reason, ...(fraction === undefined ? {} : { fraction }) } })
    return release(target, reason)
  }

  async function release(target: Target, reason: string): Promise<ActResponse | null> {
    let confirmation: string | undefined
    for (;;) {
      try {
        return await releaseRisk({ body: { ...target, reason, ...(confirmation === undefined ? {} : { confirmation }) } })
      } catch (error) {
        const problem = asProblem(error)
        const code = problem.params.confirmation
        if (problem.status !== 409 || typeof code !== 'string') throw error
        const yes = await confirm({
          title: t('risk.release.title'),
          consequences: [t('risk.release.text'), ...((problem.params.consequences ?? []) as string[])],
          typed: t('risk.release.typed'),
          action: t('risk.act.release'),
          danger: true,
        })
        if (!yes) return null
        confirmation = code
      }
    }
  }

  return useMutation({
    mutationFn: act,
    onSuccess: (done, { what }) => {
      if (done === null) return
      toast.add({ color: what === 'release' ? 'success' : 'warning', title: t(`risk.done.${what}`, done.bots.length), description: t('risk.done.text') })
    },
    onError: (error) => {
      const { title, message } = asProblem(error)
      toast.add({ color: 'error', title, description: message, duration: 0 })
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['risk'] }),
  })
}
