import { describe, expect, it } from 'vitest'

import { rulesToTell } from '../../src/features/setup/rules'
import { firstStep, stepBeside, stepNamed, STEPS, stepsOf } from '../../src/features/setup/steps'

const ADMIN = { role: 'admin', password_generated: true }
const VIEWER = { role: 'viewer', password_generated: false }

describe('the steps', () => {
  it('lead through all for who may trade, and end before bots for who looks on', () => {
    expect(stepsOf(ADMIN)).toEqual(STEPS)
    expect(stepsOf(VIEWER)).toEqual(['password', 'reading'])
    expect(stepNamed('bots', VIEWER)).toBeNull()
    expect(stepNamed('bots', ADMIN)).toBe('bots')
    expect(stepNamed(undefined, ADMIN)).toBeNull()
  })

  it('begin with the password only where it is not one of his own', () => {
    expect(firstStep(ADMIN)).toBe('password')
    expect(firstStep(VIEWER)).toBe('reading')
  })

  it('lie beside each other', () => {
    expect(stepBeside('password', -1, ADMIN)).toBeNull()
    expect(stepBeside('rules', 1, ADMIN)).toBe('bots')
    expect(stepBeside('reading', 1, VIEWER)).toBeNull()
  })
})

it('tells of a preset what it has, and nothing that it has not', () => {
  const told = rulesToTell({ hard_stop: { distance: '0.05' }, trailing_stop: null, loss_limits: [{ scope: 'user', window: 'daily', response: 'pause', ratio: '0.04' }] })
  expect(told.fields).toEqual([{ path: 'hard_stop.distance', value: '0.05' }])
  expect(told.losses).toEqual([{ rule: 'loss_limits.user.daily.pause', ratio: '0.04' }])
})
