import { describe, expect, it } from 'vitest'

import { bytesOf, hashOf, hindranceOf, sameBytes, type Surroundings } from '@/features/settings/push'

const FINE: Surroundings = { secure: true, worker: true, push: true, notification: 'default', apple: false, installed: false, registered: true }

describe('what stands in the way of pushes', () => {
  it('is nothing in a browser that has all of it', () => {
    expect(hindranceOf(FINE)).toBeNull()
    expect(hindranceOf({ ...FINE, apple: true, installed: true, notification: 'granted' })).toBeNull()
  })

  it.each([
    [{ secure: false, worker: false, push: false }, 'insecure'],
    [{ apple: true, push: false, notification: null }, 'install'],
    [{ push: false }, 'unsupported'],
    [{ notification: null }, 'unsupported'],
    [{ notification: 'denied', registered: false }, 'denied'],
    [{ registered: false }, 'worker'],
  ] as [Partial<Surroundings>, string][])('is told first what helps first: %j is %s', (change, told) => expect(hindranceOf({ ...FINE, ...change })).toBe(told))
})

describe('keys and endpoints', () => {
  it('keys are base64url without padding', () => {
    expect([...bytesOf('-_8')]).toEqual([251, 255])
    expect(sameBytes(bytesOf('-_8').buffer, Uint8Array.of(251, 255))).toBe(true)
    expect(sameBytes(bytesOf('-_8').buffer, Uint8Array.of(251, 254))).toBe(false)
    expect(sameBytes(null, Uint8Array.of(1))).toBe(false)
  })

  it('an endpoint is named by its SHA-256, as the API does', async () => {
    expect(await hashOf('foo')).toBe('2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae')
  })
})
