/**
 * Makes what was planned, one after another. Each looks at what is so already, and what is made is noted at once: done
 * again, after a refusal or a load of the page, it goes on where it was.
 */
import { useMutation } from '@tanstack/vue-query'
import { ref } from 'vue'

import { createBot, deleteBot, dialPolicy, putDefaultPolicy, updateMe } from '@/api/generated'
import { useSession } from '@/features/auth/session'
import { requestOf } from '@/features/bots/create/draft'
import { useWriting } from '@/features/policies/useWriting'

import { AS_IT_IS, demoOf, type FirstBot, presentAs } from './plan'
import { usePlan, useSetup } from './useSetup'

export type Stage = 'demo' | 'rules' | 'bots' | 'end'

export function useMaking() {
  const session = useSession()
  const plan = usePlan()
  const { ownBots } = useSetup()
  const writing = useWriting()
  /** What is being made, or was not. */
  const stage = ref<Stage>('demo')

  async function dropDemo(): Promise<void> {
    if (plan.value.keepsDemo) return
    for (const { id } of demoOf(await ownBots())) await deleteBot({ path: { bot_id: id }, query: { open_trades: 'keep' } })
  }

  async function putRules(): Promise<void> {
    if (plan.value.rules === AS_IT_IS || plan.value.rulesAre !== undefined) return
    const dialled = await dialPolicy({ body: { preset: plan.value.rules, time_zone: session.me?.time_zone ?? 'UTC' } })
    const isInForce = dialled.changes.length === 0 || (await write(dialled.document))
    plan.value = { ...plan.value, rulesAre: isInForce ? 'in-force' : 'refused' }
  }

  /** Whether the person did not refuse it, where its consequences are to be confirmed. */
  async function write(document: unknown): Promise<boolean> {
    return (await writing.mutateAsync((confirm) => putDefaultPolicy({ body: document as never, query: { confirm } }))) !== null
  }

  async function makeBots(): Promise<void> {
    const present = plan.value.bots.some(({ id }) => id === null) ? await ownBots() : []
    for (const bot of plan.value.bots) {
      if (bot.id !== null) continue
      const there = presentAs(bot, present) ?? (await createBot({ body: requestOf(bot.draft), headers: { 'Idempotency-Key': bot.key } }))
      note(bot, there.id)
    }
    await ownBots()
  }

  function note(made: FirstBot, id: string): void {
    plan.value = { ...plan.value, bots: plan.value.bots.map((bot) => (bot.key === made.key ? { ...bot, id } : bot)) }
  }

  async function end(): Promise<void> {
    if (session.me?.set_up_at == null) session.me = await updateMe({ body: { set_up: true } })
    plan.value = { ...plan.value, made: true }
  }

  const stages: [Stage, () => Promise<void>][] = [['demo', dropDemo], ['rules', putRules], ['bots', makeBots], ['end', end]]
  const making = useMutation({
    mutationFn: async () => {
      for (const [name, act] of stages) {
        stage.value = name
        await act()
      }
    },
  })
  return { making, stage }
}
