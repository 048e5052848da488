import { describe, expect, it } from 'vitest'

import { offered, queryOf } from '@/features/audit/filters'

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

describe('what a menu of the audit offers', () => {
  const [any, ann, bob] = [
    { value: 'any', label: 'Anybody' },
    { value: 'user-1', label: 'ann' },
    { value: 'user-2', label: 'bob' },
  ]

  it('is all there is, and what is chosen though it is not among it', () => {
    expect(offered([any!, ann!], '', any!)).toEqual([any, ann])
    expect(offered([any!, ann!], '', bob!)).toEqual([any, ann, bob])
  })

  it('is what somebody searches first, so that Enter takes that, and what is chosen behind it', () => {
    expect(offered([any!, ann!, bob!], ' BO', null)).toEqual([any, bob])
    expect(offered([any!, ann!, bob!], 'bob', ann!)).toEqual([bob, ann])
    expect(offered([any!, ann!, bob!], 'nobody else', null)).toEqual([])
  })
})
