import { describe, expect, it } from 'vitest'

import type { BotResponse, StrategyResponse, VersionRolloutResponse } from '@/api/generated'
import { nameOf, sourceOf } from '@/features/strategies/file'
import { CHECKS, found, oneOf, WHOSE } from '@/features/strategies/find'
import { allOf } from '@/features/strategies/pages'
import { progressOf, waysBack } from '@/features/strategies/rollouts'

function strategy(id: string, owner: string, at: string, head: { note?: string; tags?: string[]; state?: string } = {}): StrategyResponse {
  const { note = '', tags = [], state = 'passed' } = head
  return { id, name: `Name ${id}`, owner_id: owner, updated_at: at, head: { class_name: `Class${id}`, note, tags, check: { state } } } as unknown as StrategyResponse
}
const ALL = [strategy('A', 'me', '2026-01-01', { note: 'wider stop' }), strategy('B', 'you', '2026-01-03', { tags: ['good'] }), strategy('C', 'me', '2026-01-02', { state: 'failed' })]
const ids = (wanted: Partial<Parameters<typeof found>[2]>) => found(ALL, 'me', { term: '', whose: 'all', check: 'all', ...wanted }).map((one) => one.id)

describe('found', () => {
  it('has the newest change first, and every word in what is told of a strategy', () => {
    expect(ids({})).toEqual(['B', 'C', 'A'])
    expect(ids({ term: 'STOP classa' })).toEqual(['A'])
    expect(ids({ term: 'good' })).toEqual(['B'])
    expect(ids({ term: 'good stop' })).toEqual([])
  })
  it('narrows by whose it is and how its check ended', () => {
    expect(ids({ whose: 'own' })).toEqual(['C', 'A'])
    expect(ids({ whose: 'shared' })).toEqual(['B'])
    expect(ids({ whose: 'own', check: 'failed' })).toEqual(['C'])
  })
  it('takes what a URL says for what is meant by it', () => {
    expect(oneOf(WHOSE, 'shared')).toBe('shared')
    expect(oneOf(CHECKS, 'nonsense')).toBe('all')
  })
})

describe('a roll-out', () => {
  const leg = (bot_id: string, phase: string, from_version: number | null) => ({ bot_id, phase, from_version, since: null, problem: null })
  const rollout = {
    version: 3,
    state: 'stopped',
    legs: [leg('a', 'done', 1), leg('b', 'done', 2), leg('c', 'back', 1), leg('d', 'waiting', null), leg('e', 'done', 2), leg('f', 'done', 2)],
  } as unknown as VersionRolloutResponse
  const bot = (id: string, version: number) => ({ id, strategy: { id: 's', version } }) as unknown as BotResponse

  it('counts bots whose turn is over', () => {
    expect(progressOf(rollout)).toEqual({ over: 5, of: 6 })
  })
  it('leads back, by the version that each had, what runs its version still', () => {
    const bots = [bot('a', 3), bot('b', 3), bot('c', 1), bot('e', 4)]
    expect(waysBack(rollout, bots)).toEqual([
      { version: 2, bots: ['b'] },
      { version: 1, bots: ['a'] },
    ])
    expect(waysBack({ ...rollout, state: 'running' }, bots)).toEqual([])
  })
})

describe('a file', () => {
  it('is Python, no larger than the API takes, and text', async () => {
    expect(await sourceOf(new File(['a = 1\r\n'], 'Mine.py'))).toEqual({ source: 'a = 1\n' })
    expect(await sourceOf(new File(['a = 1'], 'Mine.txt'))).toEqual({ problem: 'name' })
    expect(await sourceOf(new File([new Uint8Array(262_145)], 'Mine.py'))).toEqual({ problem: 'size' })
    expect(await sourceOf(new File([new Uint8Array([0xff, 0xfe])], 'Mine.py'))).toEqual({ problem: 'text' })
    expect(await sourceOf(new File(['a\0b'], 'Mine.py'))).toEqual({ problem: 'text' })
    expect(nameOf('Mine.PY')).toBe('Mine')
  })
})

describe('allOf', () => {
  it('follows every page', async () => {
    const asked: (string | null)[] = []
    const all = await allOf((after) => {
      asked.push(after)
      return Promise.resolve(after === null ? { items: [1, 2], next: 'x' } : { items: [3], next: null })
    })
    expect([all, asked]).toEqual([[1, 2, 3], [null, 'x']])
  })
})
