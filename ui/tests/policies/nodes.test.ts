import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { DEFAULT_NODES, GUARDRAIL_NODES, inside, nodeAt, OVERRIDE_NODES, settled, wordsOf, type Node } from '@/features/policies/nodes'
import { shownOf, writtenOf } from '@/features/policies/values'

const text = JSON.parse(readFileSync(join(import.meta.dirname, '../../src/locales/en/risk.json'), 'utf8')) as { policy: unknown }

function words(nodes: Node[], above = ''): { node: Node; words: string }[] {
  return nodes.flatMap((node) => {
    const own = wordsOf(node, above)
    return [{ node, words: own }, ...words(inside(node, undefined), own)]
  })
}

function textAt(path: string): unknown {
  return path.split('.').reduce<unknown>((within, name) => (within as Record<string, unknown> | undefined)?.[name], text.policy)
}

describe('every field of a document', () => {
  const all = [...words(DEFAULT_NODES), ...words(OVERRIDE_NODES), ...words(GUARDRAIL_NODES)]

  it.each([...new Set(all.map((one) => one.words))])('%s has a label and says what it means', (path) => {
    expect(textAt(`${path}.label`)).toBeTypeOf('string')
    expect(textAt(`${path}.help`)).toBeTypeOf('string')
  })

  it('has words for its choices and entries', () => {
    for (const { node, words: path } of all) {
      if (node.is === 'leaf') for (const choice of node.choices ?? []) expect(textAt(`${path}.options.${choice}`), `${path}.${choice}`).toBeTypeOf('string')
      if (node.is === 'list') expect([textAt(`${path}.entry`), textAt(`${path}.add`)]).toEqual([expect.any(String), expect.any(String)])
      if (node.is === 'variant') for (const one of Object.keys(node.cases)) expect(textAt(`${path}.explained.${one}`)).toBeTypeOf('string')
    }
  })
})

describe('nodes', () => {
  it('are found by paths with places in lists', () => {
    expect(nodeAt(DEFAULT_NODES, ['take_profit', 'levels', '3', 'fraction'])).toMatchObject({ words: 'take_profit.levels.fraction', node: { kind: 'ratio' } })
    expect(nodeAt(DEFAULT_NODES, ['sizing', 'amount'])?.words).toBe('sizing.amount')
    expect(nodeAt(DEFAULT_NODES, ['hard_stop', 'atr_multiple'])?.words).toBe('atr.multiple')
    expect(nodeAt(DEFAULT_NODES, ['hard_stop', 'nonsense'])).toBeNull()
  })

  it('of a bot have no limits across bots', () => {
    const limits = OVERRIDE_NODES.find((node) => node.name === 'limits')!
    expect(inside(limits, {}).map((node) => node.name)).toEqual(['cool_down', 'trading_hours'])
    expect(OVERRIDE_NODES.map((node) => node.name)).not.toContain('emergency')
  })

  it('lose what has no meaning beside the others', () => {
    const emergency = inside(DEFAULT_NODES.find((node) => node.name === 'emergency')!, {})
    const before = { pair: 'BTC/USDT', response: 'pause', reduce_fraction: '0.5', release: 'manual', release_hours: 4 }
    expect(settled(emergency, before)).toEqual({ pair: 'BTC/USDT', response: 'pause', release: 'manual' })
    expect(settled(emergency, { release: 'after_hours', release_hours: 4 })).toEqual({ release: 'after_hours', release_hours: 4 })
  })
})

describe('what stands in a field', () => {
  it.each([
    ['ratio', '0.015', '1.5'],
    ['whole', 14, '14'],
    ['minutes', 720, '720'],
    ['multiple', '2.5', '2.5'],
    ['time', '09:30:00', '09:30'],
    ['text', 'BTC/USDT', 'BTC/USDT'],
  ] as const)('%s: %s is shown as %s and written back the same', (kind, value, shown) => {
    expect(shownOf(kind, value)).toBe(shown)
    expect(writtenOf(kind, shown)).toBe(value)
  })
})
