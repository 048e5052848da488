import { describe, expect, it } from 'vitest'

import { actsOn, isUnderWay } from '@/features/bots/bot/actions'

describe('acts on a bot', () => {
  const all = { mayOperate: true, mayOwn: true, isAdmin: true }
  const bot = (desired_state: string, observed_state: string, pool: string | null = 'pool-a') => ({ desired_state, observed_state, pool })

  it('fit what is wanted of it', () => {
    expect(actsOn(bot('running', 'running'), 2, all)).toEqual(['pause', 'restart', 'stop', 'flatten', 'move', 'delete'])
    expect(actsOn(bot('paused', 'paused'), 0, all)).toEqual(['resume', 'restart', 'stop', 'move', 'delete'])
    expect(actsOn(bot('stopped', 'stopped', null), 0, all)).toEqual(['start', 'delete'])
    expect(actsOn(bot('running', 'quarantined'), 0, all)).toEqual(['start', 'pause', 'restart', 'stop', 'move', 'delete'])
    expect(actsOn(bot('deleted', 'stopping'), 0, all)).toEqual([])
  })

  it('are fewer for who may do less', () => {
    expect(actsOn(bot('running', 'running'), 2, { ...all, mayOwn: false, isAdmin: false })).toEqual(['pause', 'restart', 'stop', 'flatten'])
    expect(actsOn(bot('running', 'running'), 2, { ...all, mayOperate: false })).toEqual([])
  })

  it('are under way until the bot does what is wanted, of the newest generation', () => {
    const at = (wanted: string, seen: string, generation = 2) => isUnderWay({ desired_state: wanted, observed_state: seen, generation, observed_generation: 2 })
    expect([at('running', 'running'), at('stopped', 'stopping'), at('running', 'running', 3), at('running', 'failed')]).toEqual([false, true, true, false])
  })
})
