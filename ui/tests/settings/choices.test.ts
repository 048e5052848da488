import { expect, it } from 'vitest'

import { locales, timeZones } from '@/features/settings/choices'
import { modeOf, themeOf } from '@/features/settings/theme'

it('time zones are told once each, UTC first', () => {
  const zones = timeZones()
  expect(zones[0]).toBe('UTC')
  expect(new Set(zones).size).toBe(zones.length)
  expect(zones).toContain('Europe/Berlin')
})

it('a locale that was chosen elsewhere is among those to choose', () => {
  expect(locales(null).map((one) => one.value)).not.toContain('sl-SI')
  expect(locales('sl-SI').map((one) => one.value)).toContain('sl-SI')
  expect(locales('de-DE').filter((one) => one.value === 'de-DE')).toHaveLength(1)
})

it('every theme comes back from the mode of the page', () => {
  for (const theme of ['system', 'light', 'dark'] as const) expect(themeOf(modeOf(theme))).toBe(theme)
  expect(modeOf('system')).toBe('auto')
})
