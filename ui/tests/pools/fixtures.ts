import type { MoveResponse, PoolResponse, RolloutResponse, SlotResponse } from '@/api/generated'
import type { Fleet, Leg } from '@/features/pools/places'

export function pool(id: string, part: Partial<PoolResponse> = {}): PoolResponse {
  return {
    id, tenant_id: 'user-a', node: 'local', driver: 'process', image: null, image_id: null, desired_state: 'running', observed_state: 'ready', cordoned: false,
    draining: false, slots_total: 10, slots_used: 0, memory_limit_bytes: null, pss_bytes: 300_000_000, cpu_percent: 1, restarts: 0, bot_restarts: 0, protocol: 1,
    image_version: null, freqtrade: '2026.9', report: null, conditions: [], created_at: '2026-11-20T12:00:00Z', last_seen_at: '2026-11-20T12:00:05Z', ...part,
  }
}

export function slot(bot: string, part: Partial<SlotResponse> = {}): SlotResponse {
  return {
    bot_id: `bot-${bot}`, bot, owner_id: 'user-a', owner: 'ann', desired_state: 'running', observed_state: 'running', epoch: 1, pss_bytes: 30_000_000, cpu_percent: 0.5,
    restarts: 0, uptime_seconds: 60, open_trades: 0, moving_to: null, ...part,
  }
}

export function move(bot: string, source: string, target: string, part: Partial<MoveResponse> = {}): MoveResponse {
  return { bot_id: `bot-${bot}`, source_pool_id: source, target_pool_id: target, phase: 'stopping', reason: 'move', problem: null, started_at: '2026-11-20T12:00:00Z', ...part }
}

export function fleet(pools: PoolResponse[], slots: Record<string, SlotResponse[]> = {}, moves: MoveResponse[] = []): Fleet {
  return { nodes: [], pools, slots: new Map(Object.entries(slots)), moves }
}

export function leg(source: string, part: Partial<Leg> = {}): Leg {
  return { source_pool_id: source, target_pool_id: null, phase: 'waiting', moved: [], left: {}, bot_id: null, ...part }
}

export function rollout(legs: Leg[], part: Partial<RolloutResponse> = {}): RolloutResponse {
  return {
    id: 'rollout-a', image: null, state: 'running', problem: null, wish: null, legs, actor: 'user-a', reason: '', created_at: '2026-11-20T12:00:00Z',
    updated_at: '2026-11-20T12:00:00Z', ended_at: null, ...part,
  }
}
