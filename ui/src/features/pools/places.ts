/** Pure: what pools hold, what may go where, and how far what is under way has come. */
import type { BotPosition, MoveResponse, NodeResponse, PoolResponse, RolloutResponse, SlotResponse } from '@/api/generated'

/** One pool of a roll-out, and its replacement. */
export type Leg = RolloutResponse['legs'][number]

export interface Fleet {
  nodes: NodeResponse[]
  pools: PoolResponse[]
  /** By pool. */
  slots: ReadonlyMap<string, SlotResponse[]>
  moves: MoveResponse[]
}

export type Hindrance = 'here' | 'stopped' | 'draining' | 'cordoned' | 'owner' | 'full'

/** Bots that take a place in the pool: its own, and those that come or go. */
function holders(fleet: Fleet, poolId: string): Set<string> {
  const own = (fleet.slots.get(poolId) ?? []).map((slot) => slot.bot_id)
  const moving = fleet.moves.filter((move) => move.source_pool_id === poolId || move.target_pool_id === poolId)
  return new Set([...own, ...moving.map((move) => move.bot_id)])
}

/** Slots of which no bot holds one; memory may run out before. */
export function placesLeft(fleet: Fleet, pool: PoolResponse): number {
  const total = Math.min(pool.slots_total, pool.report?.slots_total ?? pool.slots_total)
  return Math.max(0, total - Math.max(pool.slots_used, holders(fleet, pool.id).size))
}

/** Why the pool would not take this bot; null where nothing is known against it. The API has the last word. */
export function hindrance(fleet: Fleet, pool: PoolResponse, bot: { owner_id: string; pool: string }): Hindrance | null {
  if (pool.id === bot.pool) return 'here'
  if (pool.desired_state !== 'running') return 'stopped'
  if (pool.draining) return 'draining'
  if (pool.cordoned) return 'cordoned'
  if (pool.tenant_id !== null && pool.tenant_id !== bot.owner_id) return 'owner'
  return placesLeft(fleet, pool) === 0 ? 'full' : null
}

/** How full its memory is, from 0; null without a limit or a sample. */
export function memoryShare(used: number | null, limit: number | null): number | null {
  return used === null || limit === null || limit <= 0 ? null : used / limit
}

/** What the slots told last, with what the stream tells of the bot since. */
export function liveSlot(slot: SlotResponse, position: BotPosition | undefined): SlotResponse {
  if (position === undefined) return slot
  return {
    ...slot,
    observed_state: position.state,
    desired_state: position.desired_state,
    open_trades: position.open_trades,
    pss_bytes: position.pss_bytes ?? slot.pss_bytes,
  }
}

export interface Leaving {
  bots: SlotResponse[]
  openTrades: number
  /** Whose bots find a place in which pools; where `missing`, new pools are needed. */
  owners: { id: string; name: string; bots: number; pools: { id: string; places: number }[]; missing: number }[]
}

/** What a drain of the pool would move, and where there is room. Which bot goes where is decided as each one leaves. */
export function leaving(fleet: Fleet, pool: PoolResponse): Leaving {
  const moving = new Set(fleet.moves.map((move) => move.bot_id))
  const bots = (fleet.slots.get(pool.id) ?? []).filter((slot) => !moving.has(slot.bot_id))
  const owners = new Map<string, Leaving['owners'][number]>()
  for (const bot of bots) {
    const known = owners.get(bot.owner_id)
    if (known !== undefined) known.bots += 1
    else {
      const takers = fleet.pools.filter((other) => hindrance(fleet, other, { owner_id: bot.owner_id, pool: pool.id }) === null)
      owners.set(bot.owner_id, { id: bot.owner_id, name: bot.owner, bots: 1, pools: takers.map((other) => ({ id: other.id, places: placesLeft(fleet, other) })), missing: 0 })
    }
  }
  for (const owner of owners.values()) owner.missing = Math.max(0, owner.bots - owner.pools.reduce((sum, one) => sum + one.places, 0))
  return { bots, openTrades: bots.reduce((sum, bot) => sum + bot.open_trades, 0), owners: [...owners.values()] }
}

/** The steps of a move, in order; `refused` stands where it was to be copied. */
export const STEPS = ['stopping', 'copying', 'assigning', 'cleaning'] as const

/** How many of the steps lie behind. */
export function stepOf(phase: string): number {
  return Math.max(0, STEPS.indexOf((phase === 'refused' ? 'copying' : phase) as (typeof STEPS)[number]))
}

/** Once the bot belongs to the other pool there is only forward, unless what is left there cannot be reached. */
export function mayAbandon(move: Pick<MoveResponse, 'phase' | 'problem'>): boolean {
  return move.phase !== 'cleaning' || move.problem !== null
}

const UNDER_WAY = new Set(['running', 'stopping', 'rolling_back'])

export function isUnderWay(rollout: Pick<RolloutResponse, 'state' | 'wish'>): boolean {
  return UNDER_WAY.has(rollout.state) || rollout.wish !== null
}

export const mayAbort = (rollout: RolloutResponse) => (rollout.state === 'running' || rollout.state === 'rolling_back') && rollout.wish === null
export const mayRollBack = (rollout: RolloutResponse) =>
  rollout.state !== 'rolled_back' && rollout.state !== 'rolling_back' && rollout.wish !== 'roll_back'

/** Bots of a leg: through with it, and all. Those still in the old pool, that stay there for good among them, are told by its slots. */
export function legProgress(leg: Leg, slots: ReadonlyMap<string, SlotResponse[]>): { done: number; all: number } {
  const through = new Set([...leg.moved, ...Object.keys(leg.left)])
  const waiting = leg.phase === 'done' ? [] : (slots.get(leg.source_pool_id) ?? []).filter((slot) => !through.has(slot.bot_id))
  const trial = leg.bot_id !== null && !through.has(leg.bot_id) && !waiting.some((slot) => slot.bot_id === leg.bot_id) ? 1 : 0
  return { done: through.size, all: through.size + waiting.length + trial }
}

/** How far a roll-out is, 0 to 1: each pool counts the same, an empty one that is not done as nothing. */
export function rolloutShare(rollout: RolloutResponse, slots: ReadonlyMap<string, SlotResponse[]>): number {
  if (rollout.legs.length === 0) return 1
  const shares = rollout.legs.map((leg) => {
    if (leg.phase === 'done') return 1
    const { done, all } = legProgress(leg, slots)
    return all === 0 ? 0 : (done / all) * 0.95 // the old pool is still to be removed
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}

/** Whether something is going on that one wants to watch. */
export function isBusy(fleet: Fleet): boolean {
  return (
    fleet.moves.length > 0 ||
    fleet.pools.some((pool) => pool.desired_state === 'removed' || pool.observed_state === 'starting' || (pool.draining && (fleet.slots.get(pool.id)?.length ?? 0) > 0))
  )
}
