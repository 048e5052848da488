import type { BotResponse, VersionRolloutResponse } from '@/api/generated'

/** How far a roll-out is: bots whose turn is over, of all. Pure. */
export function progressOf({ legs }: VersionRolloutResponse): { over: number; of: number } {
  return { over: legs.filter(({ phase }) => phase !== 'waiting' && phase !== 'trial').length, of: legs.length }
}

export interface WayBack {
  version: number
  bots: string[]
}

/** The ways back from a roll-out that ended: bots that got its version and run it still, by the version that they had. */
export function waysBack(rollout: VersionRolloutResponse, bots: readonly BotResponse[]): WayBack[] {
  if (rollout.state === 'running') return []
  const runs = new Map(bots.map((bot) => [bot.id, bot.strategy?.version]))
  const ways = new Map<number, string[]>()
  for (const { bot_id: bot, phase, from_version: from } of rollout.legs) {
    if (phase !== 'done' || from === null || runs.get(bot) !== rollout.version) continue
    ways.set(from, [...(ways.get(from) ?? []), bot])
  }
  return [...ways].map(([version, those]) => ({ version, bots: those })).sort((one, other) => other.version - one.version)
}
