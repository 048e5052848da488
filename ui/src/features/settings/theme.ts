/** The theme of the profile is that of the page, and one that is chosen on the page becomes that of the profile. */
import { watch } from 'vue'

import { updateMe } from '@/api/generated'
import type { Preferences } from '@/api/generated'
import { useMode } from '@/components/mode'
import { useSession } from '@/features/auth/session'

type Theme = NonNullable<Preferences['theme']>
type Mode = 'auto' | 'light' | 'dark'

export function modeOf(theme: Theme): Mode {
  return theme === 'system' ? 'auto' : theme
}

export function themeOf(mode: Mode): Theme {
  return mode === 'auto' ? 'system' : mode
}

/** Once for the page. */
export function useTheme(): void {
  const session = useSession()
  const { store } = useMode()
  watch(
    () => session.me?.preferences?.theme,
    (theme) => theme !== undefined && (store.value = modeOf(theme)),
    { immediate: true },
  )
  watch(
    () => session.me?.preferences?.density,
    (density) => (document.documentElement.dataset.density = density ?? 'comfortable'),
    { immediate: true },
  )
  watch(store, async (mode) => {
    const { me } = session
    const theme = themeOf(mode as Mode)
    if (me === null || (me.preferences?.theme ?? 'system') === theme) return
    try {
      const answer = await updateMe({ body: { preferences: { theme } } })
      if (session.me?.id === answer.id) session.me = answer
    } catch {
      // Only this browser knows of it then; nothing hangs on it.
    }
  })
}
