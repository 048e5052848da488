import { describe, expect, it } from 'vitest'

import { filtersOf, invitationLink, nameIn, narrowed, quotaOf, typedQuota } from '@/features/users/people'

const ann = { username: 'ann', role: 'trader', deactivated_at: null, second_factors: ['totp' as const] }
const bea = { username: 'bea', role: 'admin', deactivated_at: null, second_factors: [] }
const cid = { username: 'cid', role: 'trader', deactivated_at: '2026-11-20T12:00:00Z', second_factors: [] }
const all = [ann, bea, cid]

describe('the list of users', () => {
  it('takes from the URL what it knows, and nothing that is empty or told twice', () => {
    expect(filtersOf({ q: 'an', role: '', state: ['active', 'deactivated'], other: 'x' })).toEqual({ q: 'an' })
  })

  it('shows all where nothing narrows it', () => {
    expect(narrowed(all, {})).toEqual(all)
  })

  it('is narrowed by a part of the name, whatever its case and the spaces around it', () => {
    expect(narrowed(all, { q: ' AN ' })).toEqual([ann])
  })

  it('is narrowed by role, state and second factor, all at once', () => {
    expect(narrowed(all, { role: 'trader' })).toEqual([ann, cid])
    expect(narrowed(all, { state: 'deactivated' })).toEqual([cid])
    expect(narrowed(all, { factor: 'without' })).toEqual([bea, cid])
    expect(narrowed(all, { role: 'trader', state: 'active', factor: 'without' })).toEqual([])
  })

  it('shows nobody by a filter that it does not know', () => {
    expect(narrowed(all, { state: 'asleep' })).toEqual([])
  })
})

describe('a name', () => {
  it('is that of the user of an id, or nobody knows it', () => {
    const known = [{ id: 'user-a', username: 'ann' }, { id: 'user-b', username: 'bea' }]
    expect([nameIn(known, 'user-b'), nameIn(known, 'user-c')]).toEqual(['bea', undefined])
  })
})

describe('an invitation', () => {
  it('has its token where browsers send it nowhere', () => {
    const link = new URL(invitationLink('https://fleet.example.org:8443', 'inv_a-b_c'))
    expect([link.origin, link.pathname, link.search, link.hash]).toEqual(['https://fleet.example.org:8443', '/invitations', '', '#inv_a-b_c'])
  })
})

describe('a quota', () => {
  it('is a whole number, of memory in MB, or nothing', () => {
    expect(quotaOf('20', 'bots')).toBe(20)
    expect(quotaOf(' 2000 ', 'memory')).toBe(2_000_000_000)
    expect(quotaOf('0', 'bots')).toBe(0)
    expect(quotaOf(' ', 'bots')).toBeNull()
  })

  it('is no other thing that is typed', () => {
    for (const typed of ['-1', '1.5', 'many', '1e3', '9'.repeat(13)]) expect(quotaOf(typed, 'bots')).toBeUndefined()
  })

  it('is typed as it is told', () => {
    expect([typedQuota(null, 'bots'), typedQuota(20, 'bots'), typedQuota(2_000_000_000, 'memory')]).toEqual(['', '20', '2000'])
  })
})
