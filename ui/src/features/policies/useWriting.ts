import { useToast } from '@nuxt/ui/composables'
import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'

import type { PolicyResponse, TradePreviewResponse } from '@/api/generated'
import { asProblem, type Problem } from '@/api/problem'
import { confirm } from '@/components/confirm'

import { useDescribe } from './describe'
import { DEFAULT_NODES } from './nodes'

const TRADES_TOLD = 8

/** Writes a document, and asks first where the API says that open trades would be closed at once. */
export function useWriting() {
  const { t } = useI18n()
  const toast = useToast()
  const client = useQueryClient()
  const { rule } = useDescribe(() => DEFAULT_NODES)

  /** Null where the person did not want it after all. */
  async function write(act: (confirm: boolean) => Promise<PolicyResponse>): Promise<PolicyResponse | null> {
    try {
      return await act(false)
    } catch (error) {
      const problem = asProblem(error)
      if (problem.status !== 409 || problem.field !== 'confirm') throw error
      return (await isMeant(problem)) ? await act(true) : null
    }
  }

  async function isMeant(problem: Problem): Promise<boolean> {
    const trades = (problem.params.trades ?? []) as TradePreviewResponse[]
    const count = typeof problem.params.count === 'number' ? problem.params.count : trades.length
    const told = trades.slice(0, TRADES_TOLD).map(sentence)
    const more = count > told.length ? [t('risk.closing.more', { count: count - told.length })] : []
    return confirm({
      title: t('risk.closing.title', count),
      consequences: [t('risk.closing.text', count), ...told, ...more],
      typed: t('risk.closing.typed'),
      action: t('risk.closing.action'),
      danger: true,
    })
  }

  function sentence(trade: TradePreviewResponse): string {
    const named = { pair: trade.pair, bot: trade.bot }
    const close = trade.closes_at_once
    if (close === null) return t('risk.closing.perhaps', { ...named, rules: trade.unknown.map(rule).join(', ') })
    const part = close.amount === null ? t('risk.closing.all') : t('risk.closing.part', { amount: close.amount })
    return t('risk.closing.sure', { ...named, part, rule: rule(close.rule) })
  }

  return useMutation({
    mutationFn: write,
    onSuccess: (told) => {
      if (told === null) return
      toast.add({ color: 'success', title: t('risk.save.done', { version: told.version }), description: t('risk.save.doneText') })
    },
    onSettled: () => {
      // Not waited for: whoever wrote takes the answer first, lest his own version looks like somebody else's.
      void client.invalidateQueries({ queryKey: ['policies'] })
      void client.invalidateQueries({ queryKey: ['risk'] })
    },
  })
}

/** What a refusal says, by the path of the field. */
export function errorsOf(error: unknown): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  if (error === null || error === undefined) return found
  const problem = asProblem(error)
  if (problem.status !== 422) return found
  const told = problem.params.errors as { field: string; message: string }[] | undefined
  const all = told ?? (problem.field === null ? [] : [{ field: problem.field, message: problem.message }])
  for (const one of all) found.set(one.field, [...(found.get(one.field) ?? []), one.message])
  return found
}
