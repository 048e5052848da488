import { describe, expect, it } from 'vitest'

import { shareOf } from '@/features/risk/gauges'
import { confirmedOf, isLate, isPending } from '@/features/risk/modes'

const bot = (ordered: string | null, in_force: string | null) => ({ ordered, in_force })

describe('what is confirmed', () => {
  it('counts running bots that were ordered to be bound', () => {
    const bots = [bot('halted', 'halted'), bot('halted', 'active'), bot('halted', null), bot('active', 'active')]
    expect(confirmedOf(bots)).toEqual({ told: 1, of: 2 })
    expect(isPending(bots)).toBe(true)
  })

  it('is no less where a bot is more bound than it was ordered', () => {
    expect(isLate(bot('reducing', 'halted'))).toBe(false)
    expect(isLate(bot('halted', 'reducing'))).toBe(true)
    expect(isLate(bot(null, 'active'))).toBe(false)
  })
})

describe('a gauge', () => {
  it('is full at the limit, and at once where nothing is allowed', () => {
    expect(shareOf({ used: '0.125', allowed: '0.25' })).toBe(0.5)
    expect(shareOf({ used: '7', allowed: '5' })).toBeGreaterThan(1)
    expect(shareOf({ used: '0', allowed: '0' })).toBe(1)
    expect(shareOf({ used: null, allowed: '5' })).toBe(0)
    expect(shareOf({ used: '-0.1', allowed: '0.05' })).toBe(0)
  })
})
