import { expect, it } from 'vitest'

import { endsSoon, expiryOf, scopesUpTo } from '@/features/tokens/expiry'

const NOW = Date.parse('2026-11-22T12:00:00Z')

it('a lifetime ends so many days from now, or never', () => {
  expect(expiryOf('30', NOW)).toBe('2026-12-22T12:00:00.000Z')
  expect(expiryOf('none', NOW)).toBeNull()
})

it('a token ends soon within a week', () => {
  expect([endsSoon('2026-11-29T11:59:59Z', NOW), endsSoon('2026-11-29T12:00:00Z', NOW), endsSoon('2026-11-01T00:00:00Z', NOW), endsSoon(null, NOW)]).toEqual([true, false, true, false])
})

it('a scope has those before it', () => {
  expect([scopesUpTo('read'), scopesUpTo('trade'), scopesUpTo('admin')]).toEqual([['read'], ['read', 'trade'], ['read', 'trade', 'admin']])
})
