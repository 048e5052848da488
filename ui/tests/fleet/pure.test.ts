import { describe, expect, it } from 'vitest'
import { shallowRef } from 'vue'

import { Problem } from '@/api/problem'
import { forEach, type Outcome } from '@/features/fleet/bulk'
import { columnsFor, policyOf } from '@/features/fleet/columns'
import { curveOf } from '@/features/fleet/drawdown'
import { difference } from '@/features/fleet/money'
import { allocationParts } from '@/features/fleet/parts'
import { rowsOf } from '@/features/fleet/rows'
import { sparkPath } from '@/features/fleet/spark'
import { useOrder } from '@/features/fleet/useOrder'
import { useSelection } from '@/features/fleet/useSelection'
import { readView, turned, writeView } from '@/features/fleet/view'

import { bot, known, point } from './fixtures'

describe('the address', () => {
  it('reads back what it was written from', () => {
    const view = { text: 'trend x', state: 'paused', book: 'live', need: 'Stale', sort: 'profit', descending: true, range: '7d', chart: 'dry' } as const
    expect(readView(writeView(view, '24h') as Record<string, string>, '24h')).toEqual(view)
  })
  it('is empty for what is usual, and what is senseless in it is usual', () => {
    const usual = readView({}, '7d')
    expect(usual).toMatchObject({ sort: 'need', descending: false, range: '7d' })
    expect(writeView(usual, '7d')).toEqual({})
    expect(readView({ sort: 'nonsense', state: 'x', range: '9y', book: 'both' }, '7d')).toEqual(usual)
  })
  it('turns the order of a column, and begins with what people expect', () => {
    const view = readView({ sort: 'name' }, '24h')
    expect(turned(view, 'name')).toEqual({ sort: 'name', descending: true })
    expect(turned(view, 'profit')).toEqual({ sort: 'profit', descending: true })
  })
})

describe('amounts', () => {
  it('are subtracted exactly', () => {
    expect(difference('1000.1', '1000.3')).toBe('-0.2')
    expect(difference('0.000000012345678901234567', '0.000000012345678901234566')).toBe('0.000000000000000000000001')
    expect(difference('12345678901234567890', '1.5')).toBe('12345678901234567888.5')
    expect(difference('-0.5', '0.25')).toBe('-0.75')
    expect(difference('-0.5', '-2')).toBe('1.5')
  })
})

describe('drawdown', () => {
  it('is below the best profit so far; money put in or taken out is none', () => {
    const { drawdown } = curveOf([
      point('2026-11-20T12:00:00Z', '1000'),
      point('2026-11-20T12:01:00Z', '1100'),
      point('2026-11-20T12:02:00Z', '990'),
      point('2026-11-20T12:03:00Z', '1590', { starting_capital: '1600', profit: '-10' }),
    ])
    expect(drawdown.map(([, ratio]) => Number(ratio.toFixed(4)))).toEqual([0, 0, -0.1, -0.0647])
  })
  it('tells where figures are old', () => {
    const { stale, equity } = curveOf([point('2026-11-20T12:00:00Z', '1'), point('2026-11-20T12:01:00Z', '1', { stale: true }), point('2026-11-20T12:02:00Z', '1'), point('2026-11-20T12:03:00Z', '1', { stale: true })])
    expect(stale).toEqual([
      [equity[1]?.[0], equity[2]?.[0]],
      [equity[3]?.[0], equity[3]?.[0]],
    ])
  })
})

describe('allocation', () => {
  it('is of one book, in one currency, without what has no worth', () => {
    const { shown } = allocationParts(
      [bot({ id: 'a', equity: '300' }), bot({ id: 'b', currency: 'BTC', equity: '0.002', conversion: { source: 'BTC', target: 'USDT', rate: '50000', at: '' } }), bot({ id: 'c', mode: 'live', equity: '900' }), bot({ id: 'd', conversion: null })],
      'dry',
    )
    expect(shown.map(({ key, ratio }) => [key, ratio])).toEqual([['a', 0.75], ['b', 0.25]])
  })
})

describe('a spark line', () => {
  it('leaves gaps where a bot did not report', () => {
    expect(sparkPath([0, null, 1, 2], 30, 10)).toEqual({ path: 'M0 9M20 5L30 1', zero: 9, rises: true })
  })
  it('is not drawn of less than two values, and flat in the middle', () => {
    expect(sparkPath([null, 1, null], 30, 10)).toBeNull()
    expect(sparkPath([5, 5], 30, 10)?.path).toBe('M0 5L30 5')
  })
})

describe('columns', () => {
  it('give way as room does, and those that act are for who may', () => {
    const keys = (width: number, acting: boolean) => columnsFor(width, acting).map(({ key }) => key)
    expect(keys(700, true)).toEqual(['select', 'name', 'state', 'profit', 'trades', 'act'])
    expect(keys(1400, false)).toEqual(['name', 'state', 'profit', 'today', 'trades', 'spark', 'equity', 'memory', 'policy'])
  })
  it('tell whose policy a bot follows', () => {
    expect(policyOf('3.0.1')).toEqual({ kind: 'default', version: 3 })
    expect(policyOf('3.2.0')).toEqual({ kind: 'own', version: 2 })
    expect(policyOf('0.0.1').kind).toBe('builtIn')
    expect(policyOf('').kind).toBe('unknown')
  })
})

describe('the same for many', () => {
  it('tells each outcome, stops at no failure, and has no more than four under way', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    let [now, most] = [0, 0]
    const told = new Map<string, Outcome>()
    await forEach(
      ids,
      async (id) => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setTimeout(resolve))
        now -= 1
        if (id === 'c') throw new Problem(409, 'conflict', 'Conflict', 'No.')
      },
      (id, outcome) => told.set(id, outcome),
    )
    expect(most).toBe(4)
    expect(told.get('c')).toMatchObject({ code: 'conflict', message: 'No.' })
    expect(ids.filter((id) => told.get(id) === 'done')).toEqual(['a', 'b', 'd', 'e', 'f', 'g'])
  })
  it('begins no more once it was told to stop', async () => {
    const begun: string[] = []
    await forEach(['a', 'b', 'c', 'd', 'e', 'f'], async (id) => void begun.push(id), () => undefined, () => begun.length >= 4)
    expect(begun).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('the order on the page', () => {
  const view = shallowRef(readView({ sort: '-profit' }, '24h'))
  const rowsWith = (one: string, other: string) => rowsOf([bot({ id: 'a', name: 'a', profit_ratio: one }), bot({ id: 'b', name: 'b', profit_ratio: other })], known(), new Map())

  it('is held for some seconds while figures go on, and follows the filter at once', async () => {
    let time = 1_000_000
    const rows = shallowRef(rowsWith('0.2', '0.1'))
    const shown = useOrder(rows, view, () => time)
    const ids = () => shown.value.map(({ id }) => id)
    const settle = () => new Promise((resolve) => setTimeout(resolve))
    expect(ids()).toEqual(['a', 'b'])
    time += 1000
    rows.value = rowsWith('0.2', '0.3')
    await settle()
    expect(ids()).toEqual(['a', 'b'])
    expect(shown.value[1]?.profitRatio).toBe('0.3')
    time += 5000
    rows.value = rowsWith('0.2', '0.4')
    await settle()
    expect(ids()).toEqual(['b', 'a'])
    view.value = { ...view.value, text: 'a' }
    await settle()
    expect(ids()).toEqual(['a'])
  })
})

describe('a selection', () => {
  it('takes ranges, all that is shown, and lets go of what is gone', () => {
    const shown = shallowRef(['a', 'b', 'c', 'd'].map((id) => ({ id })))
    const { picked, pick, pickAll, keep } = useSelection(shown)
    pick('b', false)
    pick('d', true)
    expect([...picked.value]).toEqual(['b', 'c', 'd'])
    pick('c', false)
    expect([...picked.value]).toEqual(['b', 'd'])
    keep((id) => id !== 'b')
    expect([...picked.value]).toEqual(['d'])
    pickAll()
    expect(picked.value.size).toBe(4)
    pickAll()
    expect(picked.value.size).toBe(0)
  })
})
