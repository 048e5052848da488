import { useEventListener } from '@vueuse/core'
import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { onBeforeRouteLeave, onBeforeRouteUpdate, type RouteLocationNormalized } from 'vue-router'

import { confirm } from '@/components/confirm'

/** The tab that is shown where none is named is the first one. */
function placeOf({ name, params, query }: RouteLocationNormalized): string {
  return JSON.stringify([name, params.id, params.tab || 'code', query.version])
}

/** What is half written is not lost by a step aside: it is asked first, and the browser asks where it is closed. */
export function useLeaving(isDirty: Readonly<Ref<boolean>>, throwAway: () => void = () => undefined): void {
  const { t } = useI18n()
  async function mayLeave(to: RouteLocationNormalized, from: RouteLocationNormalized): Promise<boolean> {
    if (!isDirty.value || placeOf(to) === placeOf(from)) return true
    const yes = await confirm({ title: t('strategies.leave.title'), consequences: [t('strategies.leave.text')], action: t('strategies.leave.action'), danger: true })
    if (yes) throwAway()
    return yes
  }
  onBeforeRouteUpdate(mayLeave)
  onBeforeRouteLeave(mayLeave)
  useEventListener(window, 'beforeunload', (event) => {
    if (isDirty.value) event.preventDefault()
  })
}
