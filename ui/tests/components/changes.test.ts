import { describe, expect, it } from 'vitest'

import { diff, leaves } from '@/components/changes'

describe('leaves', () => {
  it('are all fields without fields of their own, by path', () => {
    const found = leaves({ a: { b: 1, c: [{ d: 'x' }, { d: 'y' }] }, days: ['mon', 'tue'], none: [], empty: {}, off: null })
    expect([...found]).toEqual([
      ['a.b', 1],
      ['a.c.0.d', 'x'],
      ['a.c.1.d', 'y'],
      ['days', ['mon', 'tue']],
      ['none', []],
      ['empty', {}],
      ['off', null],
    ])
  })
})

describe('a diff', () => {
  it('tells what was changed, added and taken away, and nothing else', () => {
    const before = { same: { a: 1 }, changed: 'x', gone: true, list: [{ n: 1 }, { n: 2 }] }
    const after = { same: { a: 1 }, changed: 'y', fresh: null, list: [{ n: 1 }] }
    expect(diff(before, after)).toEqual([
      { path: 'changed', before: 'x', after: 'y' },
      { path: 'fresh', before: undefined, after: null },
      { path: 'gone', before: true, after: undefined },
      { path: 'list.1.n', before: 2, after: undefined },
    ])
    expect(diff(before, before)).toEqual([])
  })

  it('has places of lists in their order', () => {
    const levels = Array.from({ length: 11 }, (_, n) => ({ n }))
    expect(diff({}, { levels }).map((one) => one.path).slice(1, 3)).toEqual(['levels.1.n', 'levels.2.n'])
  })
})
