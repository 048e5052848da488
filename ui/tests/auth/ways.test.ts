import { beforeEach, describe, expect, it } from 'vitest'

import { destination, invitationIn, keepDestination, pastedInvitation, plainCode, proofsOf, readReturn, takeDestination, waysHere } from '@/features/auth/ways'

describe('where to go on after a sign-in', () => {
  it('is a page of ours, with what its address says', () => {
    expect(destination('/bots/bot-1/trades?sort=profit#open')).toBe('/bots/bot-1/trades?sort=profit#open')
    expect(destination('/settings')).toBe('/settings')
  })

  it.each(['//elsewhere.example', 'https://elsewhere.example/', '/\\elsewhere.example', '\\/elsewhere.example', 'javascript:alert(1)', '', undefined, ['/risk']])(
    'is the first page for %j',
    (told) => expect(destination(told)).toBe('/'),
  )

  it.each(['/sign-in', '/sign-in/return#act=link', '/invitations', '/api/v1/auth/oidc/acme/start'])('is never %s again', (told) => expect(destination(told)).toBe('/'))

  it('does not take a page for the sign-in that is only called alike', () => expect(destination('/sign-in-guide')).toBe('/sign-in-guide'))
})

describe('what is kept over a provider’s pages', () => {
  beforeEach(() => sessionStorage.clear())

  it('is taken once', () => {
    keepDestination('/risk')
    expect([takeDestination(), takeDestination()]).toEqual(['/risk', '/'])
  })
})

describe('an invitation', () => {
  it('is what the fragment of a link holds', () => {
    expect(invitationIn('#inv_Zt2m3yJ0lR2m0m6tq1h8')).toBe('inv_Zt2m3yJ0lR2m0m6tq1h8')
    expect([invitationIn(''), invitationIn('#'), invitationIn('#two words'), invitationIn(`#${'x'.repeat(201)}`)]).toEqual(['', '', '', ''])
  })

  it('may be pasted with its link', () => {
    expect(pastedInvitation(' https://flotilla.example/invitations#inv_Zt2m3yJ0 \n')).toBe('inv_Zt2m3yJ0')
    expect(pastedInvitation(' inv_Zt2m3yJ0 ')).toBe('inv_Zt2m3yJ0')
  })
})

it('codes are copied with the spaces that apps show', () => expect(plainCode(' 492 039\n')).toBe('492039'))

describe('ways of a challenge', () => {
  it('are those that this browser can take, the quickest first', () => {
    expect(waysHere(['recovery', 'passkey', 'totp'], true)).toEqual(['totp', 'passkey', 'recovery'])
    expect(waysHere(['recovery', 'passkey'], false)).toEqual(['recovery'])
    expect(waysHere(['passkey'], false)).toEqual([])
  })
})

describe('what proves anew who sits here', () => {
  const none = { password: true, totp_since: null, passkeys: 0, recovery_codes_left: 0 }

  it('is the password alone where there is nothing else', () => expect(proofsOf(none, true)).toEqual({ password: true, codes: [], passkey: false }))

  it('is a code, too, where there is an app', () =>
    expect(proofsOf({ ...none, totp_since: '2026-11-20T12:00:00Z', recovery_codes_left: 10 }, true)).toEqual({ password: true, codes: ['totp', 'recovery'], passkey: false }))

  it('is a passkey, or the password with a recovery code, where there are passkeys alone', () => {
    const factors = { ...none, passkeys: 1, recovery_codes_left: 4 }
    expect(proofsOf(factors, true)).toEqual({ password: true, codes: ['recovery'], passkey: true })
    expect(proofsOf(factors, false)).toEqual({ password: true, codes: ['recovery'], passkey: false })
  })
})

describe('what a provider’s sign-in came to', () => {
  it('is read from the fragment', () => {
    expect(readReturn('#act=sign-in&provider=acme')).toEqual({ act: 'sign-in', provider: 'acme', refused: null, reference: null })
    expect(readReturn('#act=link&provider=acme&refused=conflict&reference=3f2a9c')).toEqual({ act: 'link', provider: 'acme', refused: 'conflict', reference: '3f2a9c' })
  })

  it('shows no words that a link brings along', () => {
    expect(readReturn('#act=sign-in&provider=acme&refused=Call+0900-1&reference=Your+account+is+locked')).toEqual({ act: 'sign-in', provider: 'acme', refused: 'unknown', reference: null })
    expect(readReturn('#act=pay')).toBeNull()
    expect(readReturn('')).toBeNull()
  })
})
