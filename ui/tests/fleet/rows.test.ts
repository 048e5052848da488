import { describe, expect, it } from 'vitest'

import { matches, type Row, rowsOf, sorted } from '@/features/fleet/rows'

import { bot, known } from './fixtures'

const NO_FILTER = { text: '', state: '', book: '', need: '' } as const

function rows(...bots: ReturnType<typeof bot>[]): Row[] {
  return [...rowsOf(bots, known(), new Map()).values()]
}

const names = (all: readonly Row[]) => all.map(({ name }) => name)

describe('rows', () => {
  it('stay the same objects while nothing that is shown changes', () => {
    const before = rowsOf([bot({ id: 'a' }), bot({ id: 'b' })], known(), new Map())
    const after = rowsOf([bot({ id: 'a', age_seconds: 3 }), bot({ id: 'b', equity: '1001' })], known(), before)
    expect(after.get('a')).toBe(before.get('a'))
    expect(after.get('b')).not.toBe(before.get('b'))
    expect(after.get('b')?.equity).toBe('1001')
  })

  it('tell the age of figures only while they are stale', () => {
    const [fresh, stale] = rows(bot({ id: 'a', name: 'a', age_seconds: 4 }), bot({ id: 'b', name: 'b', age_seconds: 90, stale: true }))
    expect(fresh?.ageSeconds).toBeNull()
    expect(stale?.ageSeconds).toBe(90)
  })
})

describe('filters', () => {
  const all = rows(
    bot({ id: 'a', name: 'Trend one', mode: 'live' }),
    bot({ id: 'b', name: 'trend two', state: 'paused', desired_state: 'paused' }),
    bot({ id: 'c', name: 'grid', state: 'quarantined' }),
    bot({ id: 'd', name: 'grid old', stale: true }),
  )
  const found = (part: object) => names(all.filter((row) => matches(row, { ...NO_FILTER, ...part })))

  it('match words in any order, whatever their case', () => {
    expect(found({ text: 'TWO trend' })).toEqual(['trend two'])
    expect(found({ text: 'grid two' })).toEqual([])
  })
  it('match states and books', () => {
    expect(found({ state: 'paused' })).toEqual(['trend two'])
    expect(found({ book: 'live' })).toEqual(['Trend one'])
  })
  it('match what needs attention, of any kind or of one', () => {
    expect(found({ need: 'any' })).toEqual(['grid', 'grid old'])
    expect(found({ need: 'Stale' })).toEqual(['grid old'])
  })
  it('hold all at once', () => {
    expect(found({ text: 'grid', need: 'any', state: 'running' })).toEqual(['grid old'])
  })
})

describe('order', () => {
  it('puts the gravest first, then names as people count', () => {
    const all = rows(bot({ id: 'a', name: 'bot 10' }), bot({ id: 'b', name: 'bot 9' }), bot({ id: 'c', name: 'old', stale: true }), bot({ id: 'd', name: 'q', state: 'quarantined' }))
    expect(names(sorted(all, 'need', false))).toEqual(['q', 'old', 'bot 9', 'bot 10'])
  })
  it('compares money of several currencies by its worth, and what has none is last either way', () => {
    const all = rows(
      bot({ id: 'a', name: 'usdt', realised_today: '100' }),
      bot({ id: 'b', name: 'btc', currency: 'BTC', realised_today: '0.01', conversion: { source: 'BTC', target: 'USDT', rate: '50000', at: '2026-11-20T12:00:00Z' } }),
      bot({ id: 'c', name: 'none', currency: 'XYZ', realised_today: '9999999', conversion: null }),
    )
    expect(names(sorted(all, 'today', true))).toEqual(['btc', 'usdt', 'none'])
    expect(names(sorted(all, 'today', false))).toEqual(['usdt', 'btc', 'none'])
  })
  it('compares profit by ratio and memory by bytes, unknown memory last', () => {
    const all = rows(bot({ id: 'a', name: 'a', profit_ratio: '0.1', pss_bytes: null }), bot({ id: 'b', name: 'b', profit_ratio: '-0.9', pss_bytes: 5 }), bot({ id: 'c', name: 'c', profit_ratio: '0.02', pss_bytes: 50 }))
    expect(names(sorted(all, 'profit', true))).toEqual(['a', 'c', 'b'])
    expect(names(sorted(all, 'memory', true))).toEqual(['c', 'b', 'a'])
  })
})
