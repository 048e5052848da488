import { describe, expect, it } from 'vitest'

import { hindrance, isBusy, isUnderWay, leaving, legProgress, liveSlot, mayAbandon, mayAbort, mayRollBack, memoryShare, placesLeft, rolloutShare, stepOf } from '@/features/pools/places'

import { bot } from '../fleet/fixtures'
import { fleet, leg, move, pool, rollout, slot } from './fixtures'

const ANN = { owner_id: 'user-a', pool: 'pool-here' }

describe('free slots', () => {
  it('are those that no bot of the pool, nor one that comes or goes, holds', () => {
    const one = pool('pool-one', { slots_total: 3, slots_used: 1 })
    expect(placesLeft(fleet([one], { 'pool-one': [slot('x')] }), one)).toBe(2)
    expect(placesLeft(fleet([one], { 'pool-one': [slot('x')] }, [move('y', 'pool-two', 'pool-one')]), one)).toBe(1)
    expect(placesLeft(fleet([one], { 'pool-one': [slot('x')] }, [move('x', 'pool-one', 'pool-two')]), one)).toBe(2)
    expect(placesLeft(fleet([one], { 'pool-one': [slot('x')] }, [move('y', 'pool-two', 'pool-three')]), one)).toBe(2)
  })

  it('are no more than the agent has, and never less than none', () => {
    const told = pool('pool-one', { slots_total: 10, slots_used: 12 })
    expect(placesLeft(fleet([told]), told)).toBe(0)
    const behind = pool('pool-one', { slots_total: 10, report: { slots_total: 4 } as never })
    expect(placesLeft(fleet([behind]), behind)).toBe(4)
  })
})

describe('what stands against a pool as the target', () => {
  it.each([
    ['pool-here', {}, 'here'],
    ['pool-x', { desired_state: 'removed', cordoned: true }, 'stopped'],
    ['pool-x', { cordoned: true, draining: true }, 'draining'],
    ['pool-x', { cordoned: true }, 'cordoned'],
    ['pool-x', { tenant_id: 'user-b' }, 'owner'],
    ['pool-x', { slots_used: 10 }, 'full'],
    ['pool-x', { tenant_id: null }, null],
    ['pool-x', {}, null],
  ])('%s %j: %s', (id, part, why) => {
    const target = pool(id, part)
    expect(hindrance(fleet([target]), target, ANN)).toBe(why)
  })
})

describe('a drain', () => {
  it('tells who leaves, and where their owners have room', () => {
    const from = pool('pool-here', { slots_used: 3, tenant_id: null })
    const own = pool('pool-own', { slots_total: 1 })
    const shared = pool('pool-shared', { tenant_id: null, slots_total: 2, slots_used: 1 })
    const closed = pool('pool-closed', { cordoned: true })
    const here = [slot('x', { open_trades: 2 }), slot('y', { open_trades: 1 }), slot('z', { owner_id: 'user-b', owner: 'bob' }), slot('gone', { open_trades: 9 })]
    const plan = leaving(fleet([from, own, shared, closed], { 'pool-here': here }, [move('gone', 'pool-here', 'pool-else')]), from)
    expect(plan.bots.map((one) => one.bot)).toEqual(['x', 'y', 'z'])
    expect(plan.openTrades).toBe(3)
    expect(plan.owners).toEqual([
      { id: 'user-a', name: 'ann', bots: 2, pools: [{ id: 'pool-own', places: 1 }, { id: 'pool-shared', places: 1 }], missing: 0 },
      { id: 'user-b', name: 'bob', bots: 1, pools: [{ id: 'pool-shared', places: 1 }], missing: 0 },
    ])
  })

  it('tells for how many bots there is no slot', () => {
    const from = pool('pool-here')
    const plan = leaving(fleet([from], { 'pool-here': [slot('x'), slot('y')] }), from)
    expect(plan.owners).toEqual([{ id: 'user-a', name: 'ann', bots: 2, pools: [], missing: 2 }])
  })
})

describe('a move', () => {
  it('goes through its steps; where it was refused it was to be copied', () => {
    expect(['stopping', 'copying', 'refused', 'assigning', 'cleaning'].map(stepOf)).toEqual([0, 1, 1, 2, 3])
  })

  it('can be abandoned until the bot belongs to the target, and then only where it is stuck', () => {
    expect(mayAbandon({ phase: 'assigning', problem: null })).toBe(true)
    expect(mayAbandon({ phase: 'cleaning', problem: null })).toBe(false)
    expect(mayAbandon({ phase: 'cleaning', problem: 'The source does not answer.' })).toBe(true)
  })
})

describe('a roll-out', () => {
  it('is as far as its pools are; the bots that wait are those that are still in the old pool', () => {
    const half = leg('pool-one', { phase: 'moving', moved: ['bot-x'], bot_id: 'bot-y' })
    const slots = new Map([['pool-one', [slot('y'), slot('z')]], ['pool-two', [slot('w')]]])
    expect(legProgress(half, slots)).toEqual({ done: 1, all: 3 })
    const share = rolloutShare(rollout([half, leg('pool-two')]), slots)
    expect(share).toBeGreaterThan(0)
    expect(share).toBeLessThan(0.2)
    expect(rolloutShare(rollout([leg('pool-one', { phase: 'done', moved: ['bot-x'] })]), slots)).toBe(1)
  })

  it('counts a bot once that stays, or that is on its way and in neither pool', () => {
    const slots = new Map([['pool-one', [slot('stays')]]])
    expect(legProgress(leg('pool-one', { phase: 'moving', left: { 'bot-stays': 'Too large.' } }), slots)).toEqual({ done: 1, all: 1 })
    expect(legProgress(leg('pool-one', { phase: 'moving', bot_id: 'bot-between' }), new Map())).toEqual({ done: 0, all: 1 })
  })

  it('is not full before its old pools are removed', () => {
    expect(rolloutShare(rollout([leg('pool-one', { phase: 'moving', moved: ['bot-x'] })]), new Map())).toBeLessThan(1)
  })

  it.each([
    ['running', null, true, true, true],
    ['running', 'abort', true, false, true],
    ['rolling_back', null, true, true, false],
    ['stopped', null, false, false, true],
    ['stopped', 'roll_back', true, false, false],
    ['rolled_back', null, false, false, false],
    ['done', null, false, false, true],
  ])('%s, wish %s', (state, wish, underWay, abort, back) => {
    const one = rollout([], { state, wish })
    expect([isUnderWay(one), mayAbort(one), mayRollBack(one)]).toEqual([underWay, abort, back])
  })
})

it('what the stream tells of a bot is newer than its slot; what it does not tell stays', () => {
  const told = liveSlot(slot('x', { pss_bytes: 5 }), bot({ id: 'bot-x', state: 'paused', open_trades: 3, pss_bytes: null }))
  expect(told).toMatchObject({ bot: 'x', observed_state: 'paused', open_trades: 3, pss_bytes: 5 })
  expect(liveSlot(slot('x'), undefined)).toEqual(slot('x'))
})

it('memory has a share only where there is a limit and a sample', () => {
  expect(memoryShare(5, 10)).toBe(0.5)
  expect(memoryShare(5, null)).toBeNull()
  expect(memoryShare(null, 10)).toBeNull()
})

it('is watched closely while something moves, starts, drains or goes', () => {
  expect(isBusy(fleet([pool('pool-a', { slots_used: 2 })]))).toBe(false)
  expect(isBusy(fleet([pool('pool-a', { observed_state: 'starting' })]))).toBe(true)
  const draining = pool('pool-a', { draining: true, cordoned: true })
  expect(isBusy(fleet([draining]))).toBe(false)
  expect(isBusy(fleet([draining], { 'pool-a': [slot('x')] }))).toBe(true)
  expect(isBusy(fleet([pool('pool-a', { desired_state: 'removed' })]))).toBe(true)
  expect(isBusy(fleet([pool('pool-a')], {}, [move('x', 'pool-a', 'pool-b')]))).toBe(true)
})
