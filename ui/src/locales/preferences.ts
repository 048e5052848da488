import { defineStore } from 'pinia'
import { computed } from 'vue'

import { useSession } from '@/features/auth/session'

/** How this person wants to read: from the profile, or else as the browser says. */
export const usePreferences = defineStore('preferences', () => {
  const session = useSession()
  const told = computed(() => session.me as unknown as { time_zone?: string | null; preferences?: { locale?: string | null } } | null)
  const locale = computed(() => told.value?.preferences?.locale ?? null)
  const timeZone = computed(() => told.value?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
  const currency = computed(() => session.me?.reporting_currency ?? 'USDT')
  return { locale, timeZone, currency }
})
