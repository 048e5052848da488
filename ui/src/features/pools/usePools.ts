/** What the pools' pages show: asked for calmly while the page is seen, at once where the stream hears of a bot's change. */
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { useDocumentVisibility } from '@vueuse/core'
import { computed, onScopeDispose, watch } from 'vue'

import { listMoves, listNodes, listPools, listRollouts, listSlots, type SlotResponse } from '@/api/generated'
import { asProblem } from '@/api/problem'
import { everyone } from '@/features/users/people'
import { useStream } from '@/stream/stream'

import { type Fleet, isBusy, isUnderWay, liveSlot } from './places'

const ROOT = 'pools'
const FLEET = [ROOT, 'fleet'] as const
const ROLLOUTS = [ROOT, 'rollouts'] as const
const PAGE = 200
const CALM_MS = 10_000
const BUSY_MS = 2_500
/** Changes come in bursts. */
const GAP_MS = 1_500

export function usePools() {
  const stream = useStream()
  const client = useQueryClient()
  const asked = useQuery({
    queryKey: FLEET,
    queryFn: ({ signal }) => ask(signal),
    refetchInterval: ({ state }) => (state.data !== undefined && isBusy(state.data) ? BUSY_MS : CALM_MS),
  })
  const rollouts = useQuery({
    queryKey: ROLLOUTS,
    queryFn: ({ signal }) => listRollouts({ query: { limit: PAGE }, signal }),
    refetchInterval: ({ state }) => (state.data?.items.some(isUnderWay) ? BUSY_MS : CALM_MS),
  })
  const users = useQuery({ queryKey: ['users', 'all'], queryFn: ({ signal }) => everyone(signal), staleTime: 60_000 })

  const fleet = computed<Fleet | undefined>(() => {
    const told = asked.data.value
    if (told === undefined || !stream.isCurrent) return told
    return { ...told, slots: new Map([...told.slots].map(([pool, slots]) => [pool, slots.map((slot) => liveSlot(slot, stream.botById.get(slot.bot_id)))])) }
  })
  const underWay = computed(() => rollouts.data.value?.items.find(isUnderWay) ?? null)
  const names = computed(() => new Map((users.data.value ?? []).map((user) => [user.id, user.username])))
  const bots = computed(() => new Map([...(fleet.value?.slots.values() ?? [])].flat().map((slot) => [slot.bot_id, slot.bot])))

  const visible = useDocumentVisibility()
  let timer: ReturnType<typeof setTimeout> | undefined
  function soon(): void {
    if (timer !== undefined || visible.value === 'hidden') return
    timer = setTimeout(() => {
      timer = undefined
      void client.invalidateQueries({ queryKey: [ROOT] })
    }, GAP_MS)
  }
  const forget = stream.hear('bot', soon)
  watch(() => stream.isCurrent, (now) => now && soon())
  onScopeDispose(() => {
    clearTimeout(timer)
    forget()
  })

  return { asked, fleet, rollouts, users, underWay, names, bots }
}

/** After an act: everything of pools is asked for anew. */
export function useFresh(): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: [ROOT] })
}

/** All of it at one time, so that no bot is seen in two pools, or in none. */
async function ask(signal: AbortSignal): Promise<Fleet> {
  const [nodes, pools, moves] = await Promise.all([
    listNodes({ signal }),
    every((after) => listPools({ query: { limit: PAGE, after }, signal })),
    listMoves({ signal }),
  ])
  const slots = await Promise.all(pools.map(async ({ id }) => [id, await slotsOf(id, signal)] as const))
  return { nodes: nodes.items, pools, slots: new Map(slots), moves: moves.items }
}

/** Nothing of a pool that was removed meanwhile. */
async function slotsOf(pool: string, signal: AbortSignal): Promise<SlotResponse[]> {
  try {
    return await every((after) => listSlots({ path: { pool_id: pool }, query: { limit: PAGE, after }, signal }))
  } catch (error) {
    if (asProblem(error).status === 404) return []
    throw error
  }
}

async function every<T>(page: (after: string | undefined) => Promise<{ items: T[]; next: string | null }>): Promise<T[]> {
  const all: T[] = []
  let after: string | undefined
  do {
    const { items, next } = await page(after)
    all.push(...items)
    after = next ?? undefined
  } while (after !== undefined)
  return all
}
