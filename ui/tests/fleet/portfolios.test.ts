import { expect, it } from 'vitest'

import { booksOf } from '@/features/fleet/parts'
import { portfoliosOf } from '@/features/fleet/portfolios'
import { sparksOf } from '@/features/fleet/spark'

const share = (owner: string, part: { given?: boolean; what?: 'bot' | 'portfolio' } = {}) => ({ owner, given: false, what: 'portfolio' as const, ...part })

it('offers the portfolios that others share, and no single bots, and not what one shares oneself', () => {
  const shares = [share('cid'), share('bea'), share('dan', { what: 'bot' }), share('me', { given: true })]
  expect(portfoliosOf('me', shares, [])).toEqual(['bea', 'cid'])
})

it('offers administrators everybody who has bots, once, but themselves', () => {
  const users = [{ username: 'me', bots: 2 }, { username: 'bea', bots: 1 }, { username: 'eve', bots: 0 }]
  expect(portfoliosOf('me', [share('bea')], users)).toEqual(['bea'])
})

it('offers whoever is in view, whatever is known', () => {
  expect(portfoliosOf('me', [], [], 'zoe')).toEqual(['zoe'])
})

it('tells which books have bots, live first', () => {
  const of = (live: number, dry: number) => booksOf({ live: { bots: live }, dry: { bots: dry } } as Parameters<typeof booksOf>[0])
  expect([of(1, 2), of(0, 2), of(0, 0)]).toEqual([['live', 'dry'], ['dry'], []])
})

it('keeps what is not known apart from nothing earned', () => {
  expect(sparksOf([{ bot_id: 'bot-a', profit: ['1.5', null, '0'] }]).get('bot-a')).toEqual([1.5, null, 0])
})
