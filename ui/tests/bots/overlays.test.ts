import { describe, expect, it } from 'vitest'

import { rangeWith } from '@/features/bots/bot/overlays'

const candles = { min: 100, max: 110 }

describe('the range of prices of a chart', () => {
  it('is that of its candles where there are no lines', () => {
    expect(rangeWith(candles, [])).toEqual(candles)
  })

  it('reaches to lines that are near', () => {
    expect(rangeWith(candles, [95, 118])).toEqual({ min: 95, max: 118 })
    expect(rangeWith(candles, [90, 120])).toEqual({ min: 90, max: 120 })
  })

  it('does not reach to lines that are far away, stop or not, so that candles stay readable', () => {
    expect(rangeWith(candles, [80, 150, 104])).toEqual(candles)
    expect(rangeWith(candles, [80, 95])).toEqual({ min: 95, max: 110 })
  })

  it('has a height also where the price did not move', () => {
    const still = { min: 100, max: 100 }
    expect(rangeWith(still, [100.00005])).toEqual({ min: 100, max: 100.00005 })
    expect(rangeWith(still, [99])).toEqual(still)
  })
})
