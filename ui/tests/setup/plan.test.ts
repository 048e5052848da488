import { describe, expect, it } from 'vitest'

import type { BotResponse, TemplateResponse } from '../../src/api/generated'
import { requestOf } from '../../src/features/bots/create/draft'
import { AS_IT_IS, asBegun, demoOf, planOnEntry, presentAs, progressOf, readPlan, usualPlan, withBot, withDraft, withExchange, withoutBot } from '../../src/features/setup/plan'

const template = (name: string): TemplateResponse => ({
  name, title: name, description: '', docs: '', strategy_class: 'One', parameters: { properties: { x: { default: 3 } } }, source_hash: '',
  defaults: { exchange: 'paper', pairs: ['BTC/USDT'], timeframe: '1m', stake_currency: 'USDT', stake_amount: '100', max_open_trades: 3, starting_balance: '1000' },
})
const bot = (name: string, of: string) => ({ id: `bot-${name}`, name, template: of }) as BotResponse
const TEMPLATES = [template('mean_reversion'), template('trend')]
const PRESETS = [{ name: 'balanced' }, { name: 'conservative' }]
const FRESH = { templates: TEMPLATES, presets: PRESETS, bots: [], version: 0 }

describe('what is made where nobody says otherwise', () => {
  it('is the first template under careful rules where there is nothing', () => {
    const plan = usualPlan(FRESH)
    expect(plan.bots.map(({ draft }) => [draft.name, draft.template])).toEqual([['mean-reversion', 'mean_reversion']])
    expect(plan).toMatchObject({ rules: 'conservative', exchange: 'paper', begun: false })
  })

  it('adds nothing to bots that are there, and changes no rules that somebody wrote', () => {
    const plan = usualPlan({ ...FRESH, bots: [bot('demo-trend', 'trend')], version: 4 })
    expect(plan).toMatchObject({ rules: AS_IT_IS, keepsDemo: true, bots: [] })
  })
})

describe('a choice of bots', () => {
  const plan = usualPlan({ ...FRESH, bots: [bot('a', 'trend')] })

  it('takes names that are free, and the values of the template', () => {
    const twice = withBot(withBot(plan, TEMPLATES[1]!, ['trend']), TEMPLATES[1]!, ['trend'])
    expect(twice.bots.map(({ draft }) => draft.name)).toEqual(['trend-2', 'trend-3'])
    expect(requestOf(twice.bots[0]!.draft)).toMatchObject({ template: 'trend', parameters: { x: 3 }, starting_balance: '1000', exchange: 'paper' })
    expect(requestOf(twice.bots[0]!.draft)).not.toHaveProperty('dry_run')
  })

  it('moves to another exchange with all that is not made', () => {
    const one = withBot(withBot(plan, TEMPLATES[0]!, []), TEMPLATES[1]!, [])
    const made = { ...one, bots: one.bots.map((each, place) => (place === 0 ? { ...each, id: 'bot-1' } : each)) }
    expect(withExchange(made, 'okx').bots.map(({ draft }) => draft.exchange)).toEqual(['paper', 'okx'])
    expect(withBot(withExchange(plan, 'okx'), TEMPLATES[0]!, []).bots[0]!.draft.exchange).toBe('okx')
  })

  it('keeps its place while it is typed, and asks by another key each time that it is made', () => {
    const one = withBot(plan, TEMPLATES[0]!, [])
    const { key, draft } = one.bots[0]!
    const typed = withDraft(one, key, { ...draft, name: 'mine' })
    expect(typed.bots[0]).toMatchObject({ key, draft: { name: 'mine' } })
    const begun = asBegun({ ...typed, rulesAre: 'refused', bots: [...typed.bots, { ...typed.bots[0]!, key: 'kept', id: 'bot-1' }] })
    expect(begun.begun).toBe(true)
    expect(begun.rulesAre).toBeUndefined()
    expect(begun.bots[0]!.key).not.toBe(key)
    expect(begun.bots[1]!.key).toBe('kept')
    expect(withoutBot(typed, key).bots).toEqual([])
  })

  it('knows a bot that was made already by name and template, and none of another template', () => {
    const one = withBot(plan, TEMPLATES[1]!, []).bots[0]!
    expect(presentAs(one, [bot('other', 'trend'), bot('trend', 'trend')])?.id).toBe('bot-trend')
    expect(presentAs(one, [bot('trend', 'breakout')])).toBeNull()
  })
})

it('tells the demo by the names that the first start gives', () => {
  const bots = [bot('demo-mean-reversion', 'mean_reversion'), bot('demo-trend', 'breakout'), bot('demo', 'trend')]
  expect(demoOf(bots).map(({ id }) => id)).toEqual(['bot-demo-mean-reversion'])
})

it('reads what it kept, and nothing else', () => {
  const plan = usualPlan(FRESH)
  expect(readPlan(JSON.stringify(plan))).toEqual(plan)
  for (const kept of [null, '', '{', 'null', '[]', '{"bots": 3}']) expect(readPlan(kept)).toBeNull()
})

it('tells how far a bot is', () => {
  const seen = (state: string, trader: string | null, trades = 0) => progressOf({ state, trader_state: trader, open_trades: trades })
  expect([progressOf(null), seen('starting', null), seen('running', null), seen('running', 'running'), seen('running', 'running', 2), seen('quarantined', null)]).toEqual([
    'waits', 'comes', 'comes', 'runs', 'trades', 'failed',
  ])
})

describe('a plan that was kept', () => {
  const plan = { exchange: 'paper', rules: 'conservative', keepsDemo: true, bots: [], begun: true }

  it('goes on where the page that makes it was loaded anew', () => {
    expect(planOnEntry(plan, true)).toBe(plan)
  })

  it('starts nothing for who comes by another way', () => {
    expect(planOnEntry(plan, false)).toEqual({ ...plan, begun: false })
    expect(planOnEntry({ ...plan, made: true }, false)).toBeNull()
    expect(planOnEntry({ ...plan, begun: false }, false)).toEqual({ ...plan, begun: false })
    expect(planOnEntry(null, false)).toBeNull()
  })
})
