import { expect, it } from 'vitest'

import type { BotResponse } from '@/api/generated'
import { changesOf, draftOf, patchOf } from '@/features/bots/bot/configuration'

const bot = { stake_amount: '100', max_open_trades: 3, timeframe: '1m', pairs: ['BTC/USDT'], wake_on_need: true, parameters: { stoploss: -0.02 } } as unknown as BotResponse

it('a draft that is as the bot changes nothing', () => {
  expect(patchOf(bot, draftOf(bot))).toBeNull()
  expect(patchOf(bot, { ...draftOf(bot), stake_amount: '100.0' })).toBeNull()
})

it('waking on need is switched off and on', () => {
  const patch = patchOf(bot, { ...draftOf(bot), wake_on_need: false })
  expect(patch).toEqual({ wake_on_need: false })
  expect(changesOf(bot, patch!)).toEqual([{ path: 'wake_on_need', before: true, after: false }])
})
