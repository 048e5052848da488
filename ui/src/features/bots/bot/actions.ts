/** Which of the acts on a bot make sense now, by what is wanted of it and what it does. Pure. */
import type { BotResponse } from '@/api/generated'

export type Act = 'start' | 'resume' | 'pause' | 'restart' | 'stop' | 'flatten' | 'move' | 'delete'

export interface Rights {
  mayOperate: boolean
  mayOwn: boolean
  isAdmin: boolean
}

const DOWN = new Set(['failed', 'quarantined'])

export function actsOn(bot: Pick<BotResponse, 'desired_state' | 'observed_state' | 'pool'>, openTrades: number | null, rights: Rights): Act[] {
  const { desired_state: wanted, observed_state: seen } = bot
  if (!rights.mayOperate || wanted === 'deleted') return []
  const acts: Act[] = []
  if (wanted === 'stopped' || DOWN.has(seen)) acts.push('start')
  if (wanted === 'paused') acts.push('resume')
  if (wanted === 'running') acts.push('pause')
  if (wanted !== 'stopped') acts.push('restart', 'stop')
  if (openTrades !== 0) acts.push('flatten')
  if (rights.isAdmin && bot.pool !== null) acts.push('move')
  if (rights.mayOwn) acts.push('delete')
  return acts
}

/** Whether what it does is not yet what is wanted. */
export function isUnderWay(bot: Pick<BotResponse, 'desired_state' | 'observed_state' | 'generation' | 'observed_generation'>): boolean {
  const { desired_state: wanted, observed_state: seen } = bot
  if (DOWN.has(seen)) return false
  return wanted !== seen || bot.generation !== bot.observed_generation
}
