import { listTrades } from '@/api/generated'

const OPEN_AT_MOST = 200

export const openTradesKey = (id: string) => ['trades', id, 'open'] as const

/** Open trades of a bot, whoever's it is, with their levels. */
export const listOpenTrades = (id: string) => listTrades({ query: { bot_id: id, state: 'open', limit: OPEN_AT_MOST } })
