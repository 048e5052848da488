import { describe, expect, it } from 'vitest'

import type { FindingsFindingResponse, HaltResponse } from '@/api/generated'
import { type Alert, attention } from '@/features/fleet/attention'
import { faultOf } from '@/features/fleet/faults'
import { rowsOf } from '@/features/fleet/rows'

import { bot, known, risk } from './fixtures'

const since = '2026-11-20T12:00:00Z'
const condition = (type: string, message = 'why') => ({ type, message, since })

function halt(part: Partial<HaltResponse> = {}): HaltResponse {
  return {
    id: 'halt-a', scope: 'user', subject: 'user-a', trading: null, mode: 'halted', flatten: false, reduce_fraction: null,
    source: 'manual', rule: '', why: 'holiday', by: 'user-a', at: since, release_at: null, released_at: null, ...part,
  }
}

function finding(part: Partial<FindingsFindingResponse> = {}): FindingsFindingResponse {
  return {
    id: 'finding-a', wallet_id: 'wallet-a', owner_id: 'user-a', bot_id: null, kind: 'unknown_order', subject: 'BTC/USDT 7', message: 'An order that is nobody’s.',
    remedy: 'Adopt it.', adoptable: true, evidence: {}, state: 'open', first_seen: since, last_seen: since, adopting: false, settled_at: null,
    settled_how: null, settled_by: null, settled_why: null, ...part,
  }
}

function look(bots: ReturnType<typeof bot>[], part: Partial<Parameters<typeof attention>[0]> = {}, about = known()) {
  return attention({ rows: [...rowsOf(bots, about, new Map()).values()], halts: [], findings: [], alerts: [], seenAt: 0, ...part })
}

describe('the fault of a bot', () => {
  it('is none where all is well, or where only passing conditions hold', () => {
    expect(faultOf(bot(), [], risk())).toBeNull()
    expect(faultOf(bot(), [condition('Moving'), condition('Flattening')], risk())).toBeNull()
  })
  it('is the gravest of several', () => {
    expect(faultOf(bot({ stale: true }), [condition('ExchangeUnreachable'), condition('TraderStopped', 'stopped itself')], risk())).toEqual({
      kind: 'TraderStopped',
      level: 'error',
      message: 'stopped itself',
    })
  })
  it('is of a state without any condition', () => {
    expect(faultOf(bot({ state: 'quarantined' }), [], null)?.kind).toBe('Quarantined')
    expect(faultOf(bot({ state: 'unknown', stale: true }), [], null)?.kind).toBe('Unknown')
  })
  it('tells what keeps it from opening trades, but not a halt that was ordered', () => {
    expect(faultOf(bot(), [], risk({ blocked: 'differs' }))).toMatchObject({ kind: 'Blocked', message: 'differs' })
    expect(faultOf(bot(), [], risk({ in_force: 'reducing' }))?.kind).toBe('Bound')
    expect(faultOf(bot(), [], risk({ ordered: 'halted', in_force: 'halted' }))).toBeNull()
    expect(faultOf(bot(), [], risk({ in_force: null }))).toBeNull()
  })
  it('is told of conditions that nobody knew when this was written', () => {
    expect(faultOf(bot(), [condition('Sunburnt', 'too hot')], null)).toEqual({ kind: 'Other', level: 'warning', message: 'too hot' })
  })
})

describe('attention', () => {
  it('is empty where all is well', () => {
    expect(look([bot()])).toEqual([])
  })
  it('gathers bots with the same fault, and links to them', () => {
    const bots = ['a', 'b', 'c', 'd'].map((id) => bot({ id, name: id, state: 'quarantined' }))
    expect(look(bots)).toMatchObject([{ kind: 'Quarantined', count: 4, to: '/?need=Quarantined#bots', examples: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] }])
    expect(look(bots.slice(0, 1))).toMatchObject([{ count: 1, to: '/bots/a' }])
  })
  it('puts errors before warnings, halts before faults', () => {
    const items = look([bot({ stale: true }), bot({ id: 'b', state: 'failed' })], { halts: [halt()], findings: [finding()] })
    expect(items.map(({ kind }) => kind)).toEqual(['user_halted', 'Failed', 'open', 'Stale'])
  })
  it('takes what the stream told of a bot before what was asked for', () => {
    const about = known({ told: new Map([['bot-a', { conditions: [condition('Hung')] }]]) })
    expect(look([bot()], {}, about)).toMatchObject([{ kind: 'Hung' }])
  })
  it('leaves out halts and findings that are over', () => {
    expect(look([bot()], { halts: [halt({ released_at: since })], findings: [finding({ state: 'settled' })] })).toEqual([])
  })
  it('names the bot of a halt', () => {
    const [item] = look([bot()], { halts: [halt({ scope: 'bot', subject: 'bot-a', mode: 'reducing', why: 'loss' })] })
    expect(item).toMatchObject({ kind: 'bot_reducing', level: 'warning', examples: [{ id: 'bot-a', name: 'trend', message: 'loss' }] })
  })
})

describe('alerts', () => {
  const alert = (part: Partial<Alert> = {}): Alert => ({ bot_id: 'bot-a', name: 'trend', type: 'exception', message: 'it broke', at: 1000, ...part })

  it('are gathered by bot and kind, with the newest', () => {
    const items = look([bot()], { alerts: [alert({ at: 3000, message: 'again' }), alert(), alert({ bot_id: 'bot-b', name: 'grid' })] })
    expect(items).toMatchObject([
      { count: 2, at: 3000, to: '/bots/bot-a', examples: [{ message: 'again' }] },
      { count: 1, to: '/bots/bot-b' },
    ])
  })
  it('go when they were put away, and come back with a new one', () => {
    expect(look([bot()], { alerts: [alert()], seenAt: 1000 })).toEqual([])
    expect(look([bot()], { alerts: [alert({ at: 1001 })], seenAt: 1000 })).toHaveLength(1)
  })
  it('do not repeat what is told of the bot as long as it holds', () => {
    expect(look([bot()], { alerts: [alert({ type: 'Quarantined' })] })).toEqual([])
  })
  it('of refused entries are one, whatever the bot', () => {
    const items = look([bot()], { alerts: [alert({ type: 'entry_refused' }), alert({ type: 'entry_refused', bot_id: 'bot-b' })] })
    expect(items).toMatchObject([{ group: 'refused', count: 2, to: '/risk/actions' }])
  })
})
