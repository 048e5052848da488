import { describe, expect, it } from 'vitest'

import type { BotPosition, Portfolio } from '@/api/generated'
import { changed } from '@/stream/change'

const bot = (id: string, equity = '1'): BotPosition => ({ id, name: `name of ${id}`, equity, age_seconds: 1 }) as BotPosition
const portfolio = { as_of: '1', equity: '2', currency: 'USDT', bots: [bot('a'), bot('b')] } as Portfolio

describe('a change of the portfolio', () => {
  it('replaces what is told, and keeps the rest as the same objects', () => {
    const after = changed(portfolio, { as_of: '2', equity: '3', bots: [{ id: 'b', equity: '9' }] })
    expect(after).toEqual({ as_of: '2', equity: '3', currency: 'USDT', bots: [bot('a'), bot('b', '9')] })
    expect(after?.bots[0]).toBe(portfolio.bots[0])
    expect(portfolio.bots[1]?.equity).toBe('1')
  })

  it('takes bots that came, drops those that went, and keeps the order that is told', () => {
    const after = changed(portfolio, { order: ['c', 'a'], bots: [bot('c'), { id: 'a', equity: '5' }] })
    expect(after?.bots).toEqual([bot('c'), bot('a', '5')])
  })

  it('is refused where it names a bot of which nothing is known', () => {
    expect(changed(portfolio, { order: ['a', 'b', 'c'], bots: [] })).toBeNull()
  })
})
