/** What the stream tells of a portfolio that is known: only what is new. Pure: values in, values out. */
import type { BotPosition, Portfolio } from '@/api/generated'

export interface PortfolioChange extends Partial<Omit<Portfolio, 'bots'>> {
  /** Id of the event that it builds on. */
  since: string
  /** Ids of all bots there are now; absent where they are the same ones as before. */
  order?: readonly string[]
  bots: readonly (Partial<BotPosition> & { id: string })[]
}

/** The portfolio after the change; null where it does not fit. Bots of which nothing is told stay the same objects. */
export function changed(portfolio: Portfolio, { order, bots: told, ...fields }: Omit<PortfolioChange, 'since'>): Portfolio | null {
  const news = new Map(told.map((bot) => [bot.id, bot]))
  const renew = (bot: BotPosition): BotPosition => {
    const fresh = news.get(bot.id)
    return fresh === undefined ? bot : { ...bot, ...fresh }
  }
  if (order === undefined) return { ...portfolio, ...fields, bots: portfolio.bots.map(renew) }
  const before = new Map(portfolio.bots.map((bot) => [bot.id, bot]))
  const bots: BotPosition[] = []
  for (const id of order) {
    const bot = before.get(id)
    const told = bot === undefined ? (news.get(id) as BotPosition | undefined) : renew(bot)
    if (told === undefined) return null
    bots.push(told)
  }
  return { ...portfolio, ...fields, bots }
}
