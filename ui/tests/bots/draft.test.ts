import { describe, expect, it } from 'vitest'

import type { PreviewProblemResponse } from '../../src/api/generated'
import { emptyDraft, freeName, pairsFor, parameterProblems, problemsByField, requestOf } from '../../src/features/bots/create/draft'

function problem(field: string | null, detail: string): PreviewProblemResponse {
  return { code: 'invalid_spec', title: 'Invalid request', detail, field, params: {} }
}

describe('a draft of a bot', () => {
  it('leaves out what nobody said', () => {
    expect(requestOf({ ...emptyDraft(), name: ' trend ', template: 'trend' })).toEqual({
      name: 'trend', template: 'trend', parameters: {}, exchange: 'paper', trading_mode: 'spot',
    })
  })

  it('says real money only with the name that was typed', () => {
    const request = requestOf({ ...emptyDraft(), name: 'a', template: 't', live: true, confirmLive: 'b' })
    expect(request).toMatchObject({ dry_run: false, confirm_live: 'b' })
    expect(requestOf({ ...emptyDraft(), template: 't' })).not.toHaveProperty('dry_run')
  })

  it('sends a strategy of its own without parameters', () => {
    const request = requestOf({ ...emptyDraft(), strategy: { id: 'strategy-1', version: 'head' }, parameters: { x: 1 } })
    expect(request).not.toHaveProperty('parameters')
    expect(request).not.toHaveProperty('template')
  })

  it('names pairs as the market does', () => {
    expect(pairsFor('futures', ['BTC/USDT'])).toEqual(['BTC/USDT:USDT'])
    expect(pairsFor('spot', ['BTC/USDT:USDT', 'ETH/USDT'])).toEqual(['BTC/USDT', 'ETH/USDT'])
  })

  it('takes a name that is free', () => {
    expect(freeName('trend', ['trend', 'trend-2'])).toBe('trend-3')
    expect(freeName('trend', [])).toBe('trend')
  })

  it('tells what is wrong at its field, and what is about none apart', () => {
    const told = [problem('pairs.0', 'a'), problem('pairs', 'b'), problem(null, 'c'), problem('strategy', 'd')]
    expect(problemsByField(told, new Set(['pairs']))).toEqual({ pairs: 'a b', '': 'c d' })
    expect(parameterProblems([problem('parameters.stoploss', 'low')])).toEqual({ stoploss: 'low' })
  })
})
