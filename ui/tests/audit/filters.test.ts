import { describe, expect, it } from 'vitest'

import { queryOf } from '@/features/audit/filters'

describe('filters of the audit', () => {
  it('have both days in them', () => {
    const { since, until } = queryOf({ from: '2026-11-21', to: '2026-11-21', subject: 'bot/bot-a' })
    expect(new Date(since!)).toEqual(new Date(2026, 10, 21))
    expect(new Date(until!)).toEqual(new Date(2026, 10, 22))
  })

  it('are passed on, and what is no day is left out', () => {
    expect(queryOf({ action: 'bot', from: 'yesterday', to: '2026-02-31' })).toEqual({ action: 'bot' })
  })
})
