import { describe, expect, it } from 'vitest'

import { decimalOf, isSame, percentOf, plainDecimal, ratioOf, textOf, wholeOf } from '@/features/policies/units'

describe('per cent', () => {
  it.each([
    ['0.0125', '1.25'],
    ['0.07', '7'],
    ['0.29', '29'],
    ['1', '100'],
    ['0.000000000000000001', '0.0000000000000001'],
    ['0.1234567890123456789', '12.34567890123456789'],
    ['-0.05', '-5'],
    ['0', '0'],
  ])('%s is %s %%, and back, digit by digit', (ratio, percent) => {
    expect(percentOf(ratio)).toBe(percent)
    expect(ratioOf(percent)).toBe(ratio)
  })

  it('is written as people write it', () => {
    expect(ratioOf(' 1,5 ')).toBe('0.015')
    expect(ratioOf('.5')).toBe('0.005')
    expect(ratioOf('5.')).toBe('0.05')
    expect(ratioOf('+5')).toBe('0.05')
    expect(ratioOf('07.50')).toBe('0.075')
  })

  it('leaves what is no number to the API', () => {
    expect(ratioOf('a lot')).toBe('a lot')
    expect(ratioOf('1.2.3')).toBe('1.2.3')
    expect(ratioOf('1e3')).toBe('1e3')
    expect(percentOf('a lot')).toBe('a lot')
    expect(percentOf(null)).toBe('')
  })

  it('takes numbers of a JSON document by their digits', () => {
    expect(percentOf(0.07)).toBe('7')
    expect(percentOf(0.29)).toBe('29')
    expect(percentOf(1e-7)).toBe('0.00001')
  })
})

describe('numbers', () => {
  it('are whole, or what was typed', () => {
    expect(wholeOf(' 14 ')).toBe(14)
    expect(wholeOf('1.5')).toBe('1.5')
    expect(wholeOf('12345678901234567890')).toBe('12345678901234567890')
  })

  it('lose needless zeros only', () => {
    expect(decimalOf('1.500')).toBe('1.5')
    expect(textOf('100.0')).toBe('100')
    expect(textOf(100)).toBe('100')
    expect(plainDecimal('-0')).toBe('0')
    expect(plainDecimal('')).toBeNull()
    expect(plainDecimal('.')).toBeNull()
  })

  it('are the same by value, other things by what they are', () => {
    expect(isSame('0.10', 0.1)).toBe(true)
    expect(isSame('0.1', '0.10000000000000001')).toBe(false)
    expect(isSame(null, undefined)).toBe(false)
    expect(isSame('pause', 'pause')).toBe(true)
    expect(isSame(['mon'], ['mon', 'tue'])).toBe(false)
  })
})
