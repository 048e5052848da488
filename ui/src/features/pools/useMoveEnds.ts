import { useToast } from '@nuxt/ui/composables'
import { type Ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'

import type { Fleet } from './places'

/** Tells of each move that has ended, and where the bot is now. */
export function useMoveEnds(fleet: Ref<Fleet | undefined>, bots: Ref<ReadonlyMap<string, string>>): void {
  const { t } = useI18n()
  const toast = useToast()
  watch(
    () => fleet.value?.moves,
    (now, before) => {
      if (now === undefined || before === undefined) return
      const still = new Set(now.map((move) => move.bot_id))
      for (const move of before.filter((one) => !still.has(one.bot_id))) {
        const is = [...(fleet.value?.slots ?? [])].find(([, slots]) => slots.some((slot) => slot.bot_id === move.bot_id))?.[0]
        const bot = bots.value.get(move.bot_id) ?? move.bot_id
        if (is === move.target_pool_id) toast.add({ color: 'success', title: t('pools.move.arrived', { bot, pool: is }) })
        else if (is !== undefined) toast.add({ color: 'warning', title: t('pools.move.stayed', { bot, pool: is }) })
      }
    },
  )
}
