import { defineStore } from 'pinia'
import { computed } from 'vue'

import { useSession } from '@/features/auth/session'

/** How this person wants to read: from the profile, or else as the browser says. */
export const usePreferences = defineStore('preferences', () => {
  const session = useSession()
  const locale = computed(() => session.me?.preferences.locale ?? null)
  const timeZone = computed(() => session.me?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
  const currency = computed(() => session.me?.reporting_currency ?? 'USDT')
  const density = computed(() => session.me?.preferences.density ?? 'comfortable')
  const range = computed(() => session.me?.preferences.default_range ?? '24h')
  return { locale, timeZone, currency, density, range }
})
