/** Modes of bots compared: what they are ordered, and what they told. Pure. */
import type { BotRiskResponse } from '@/api/generated'

export const MODES = ['active', 'reducing', 'halted'] as const
export type Mode = (typeof MODES)[number]

type Told = Pick<BotRiskResponse, 'ordered' | 'in_force'>

/** How bound a mode is; what is not known is not bound. */
export function bound(mode: string | null): number {
  return Math.max(0, MODES.indexOf(mode as Mode))
}

/** Whether the bot runs (tells a mode) and is yet less bound than it is ordered. */
export function isLate({ ordered, in_force }: Told): boolean {
  return in_force !== null && bound(in_force) < bound(ordered)
}

export function isPending(bots: readonly Told[]): boolean {
  return bots.some(isLate)
}

/** How many of the bots that are ordered to be bound told that they are. Of those that tell nothing (they do not run)
 * nobody can say, and they open nothing: they count neither way. */
export function confirmedOf(bots: readonly Told[]): { told: number; of: number } {
  const asked = bots.filter((bot) => bound(bot.ordered) > 0 && bot.in_force !== null)
  return { told: asked.filter((bot) => !isLate(bot)).length, of: asked.length }
}

export function modeColour(mode: string | null): 'success' | 'warning' | 'error' | 'neutral' {
  if (mode === 'active') return 'success'
  if (mode === 'reducing') return 'warning'
  return mode === 'halted' ? 'error' : 'neutral'
}
