import { describe, expect, it } from 'vitest'

import { isDue, reminderDays } from '@/features/exchange_keys/keys'

const NOW = Date.parse('2026-11-22T12:00:00Z')

describe('an exchange key', () => {
  it('is to be replaced once its day has come, and not where no day is set', () => {
    expect(isDue('2026-11-22T12:00:00Z', NOW)).toBe(true)
    expect(isDue('2026-11-22T12:00:01Z', NOW)).toBe(false)
    expect(isDue('2026-11-29T12:00:00Z', NOW, 7)).toBe(true)
    expect(isDue('2026-11-29T12:00:01Z', NOW, 7)).toBe(false)
    expect(isDue(null, NOW, 7)).toBe(false)
  })

  it('has a reminder in days, or none', () => {
    expect([reminderDays('90'), reminderDays('none')]).toEqual([90, null])
  })
})
