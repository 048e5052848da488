import { describe, expect, it } from 'vitest'

import type { AccountResponse, TransactionResponse, WalletResponse } from '@/api/generated'
import { Problem } from '@/api/problem'
import { actsOf } from '@/features/wallets/acts'
import { errorsByField, isLost, linesOf, ownPostings, readingOf, tradingOf, typedAmount } from '@/features/wallets/wallets'

const WALLET: WalletResponse = {
  id: 'wallet-1', name: 'Savings', kind: 'paper', exchange: null, exchange_key_id: null, market: null, automatic: null,
  created_at: '2026-11-21T20:00:00Z', archived_at: null, balances: [],
}

describe('whose money a wallet has', () => {
  it('is play money on the paper exchange, though it is traded like real money', () => {
    expect(tradingOf({ kind: 'paper', exchange: null })).toBe('dry_run')
    expect(tradingOf({ kind: 'exchange', exchange: 'paper' })).toBe('paper_live')
    expect(tradingOf({ kind: 'exchange', exchange: 'binance' })).toBe('live')
  })

  it('is not moved here where it is at an exchange, and not at all where the wallet is archived', () => {
    expect(actsOf(WALLET)).toContain('deposit')
    expect(actsOf({ ...WALLET, kind: 'exchange' })).toEqual(['allocate', 'take_back', 'rename', 'archive'])
    expect(actsOf({ ...WALLET, archived_at: '2026-11-21T20:00:00Z' })).toEqual([])
  })
})

describe('what is in a wallet', () => {
  it('is told to the last digit, the money that bots count in first', () => {
    const balances = [
      { currency: 'ADA', free: '0', total: '241', bots: [{ bot_id: 'bot-1', amount: '241' }] },
      { currency: 'EUR', free: '5', total: '5', bots: [] },
      { currency: 'USDT', free: '0.000000000000000001', total: '2699.93287264', bots: [{ bot_id: 'bot-1', amount: '2699.932872639999999999' }] },
    ]
    const lines = linesOf({ ...WALLET, balances }, new Set(['USDT', 'EUR']))
    expect(lines.map(({ currency }) => currency)).toEqual(['EUR', 'USDT', 'ADA'])
    expect(lines[1]?.withBots).toBe('2699.932872639999999999')
    expect(linesOf({ ...WALLET, balances, automatic: 'USDT' }, new Set(['EUR']))[0]?.currency).toBe('USDT')
  })

  it('is what came to places of its own, whatever the market and fees got', () => {
    const posting = (place: string, amount: string) => ({ place, bot_id: null, currency: 'USDT', amount })
    const row = { postings: [posting('capital', '-10'), posting('trading', '9.9'), posting('fees', '0.1')] } as Pick<TransactionResponse, 'postings'>
    expect(ownPostings(row).map(({ place }) => place)).toEqual(['capital'])
    const result = { postings: [posting('trading', '2.5'), posting('results', '-2.5')] } as Pick<TransactionResponse, 'postings'>
    expect(ownPostings(result).map(({ place, amount }) => [place, amount])).toEqual([['results', '2.5']])
  })
})

describe('an account beside the ledger', () => {
  const read: AccountResponse = { wallet_id: 'wallet-1', read_at: '2026-11-21T12:00:00Z', agreed_at: '2026-11-21T12:00:00Z', problem: null, balances: {} }

  it('agrees only where it did when it was read last', () => {
    expect(readingOf(read)).toBe('agreed')
    expect(readingOf({ ...read, read_at: '2026-11-21T12:00:05Z' })).toBe('differs')
    expect(readingOf({ ...read, agreed_at: null })).toBe('differs')
  })

  it('is not known where it was never read or cannot be', () => {
    expect(readingOf(undefined)).toBe('waiting')
    expect(readingOf({ ...read, read_at: null, agreed_at: null })).toBe('waiting')
    expect(readingOf({ ...read, problem: 'The exchange is away.' })).toBe('unread')
  })
})

describe('an amount that is typed', () => {
  it.each([['1250.50', '1250.50'], [' 5 ', '5'], ['.5', '0.5'], ['7.', '7'], ['0.000000000000000001', '0.000000000000000001']])('%s is one', (typed, sent) => {
    expect(typedAmount(typed)).toBe(sent)
  })

  it.each(['', '0', '0.00', '-5', '1,000', '1.000,50', '1e3', '.', 'ten', '1 000', 'Infinity'])('%s is none', (typed) => {
    expect(typedAmount(typed)).toBeNull()
  })
})

describe('after an error', () => {
  const problem = (status: number, params = {}) => new Problem(status, 'code', 'Title', 'What to do.', params)

  it('a movement may have been done where no answer came, and was not where it was refused', () => {
    expect([0, 408, 500, 502, 503].map((status) => isLost(problem(status)))).toEqual([true, true, true, true, true])
    expect([400, 401, 403, 404, 409, 412, 422, 429].some((status) => isLost(problem(status)))).toBe(false)
  })

  it('each field says what is wrong with it, and the rest is told beside them', () => {
    expect(errorsByField(null, ['amount'])).toEqual({})
    expect(errorsByField(problem(409, { field: 'amount' }), ['amount'])).toEqual({ amount: 'What to do.' })
    expect(errorsByField(problem(409, { field: 'wallet_id' }), ['amount'])).toEqual({ '': 'What to do.' })
    const errors = [{ field: 'balances.USDT', message: 'Too much.' }, { field: 'balances.BTC', message: 'Too little.' }, { field: 'x', message: 'What?' }]
    expect(errorsByField(problem(422, { errors }), ['balances'])).toEqual({ balances: 'Too much. Too little.', '': 'What?' })
  })
})
