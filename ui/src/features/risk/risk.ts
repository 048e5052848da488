/** What bots may do, for whatever shows it: the halt button on every page, and the risk page. */
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, toValue, type MaybeRefOrGetter } from 'vue'

import { getRisk, type BotRiskResponse, type RiskResponse } from '@/api/generated'
import { useStream } from '@/stream/stream'

import { isPending } from './modes'

const REST_MS = 15_000
const PENDING_MS = 1_000
const ALERT_GAP_MS = 2_000

/** The risk of the caller, or of `user` (administrators). Asked every second while a bot has yet to tell that it is as
 * bound as it was ordered, which no stream tells. */
export function useRisk(user: MaybeRefOrGetter<string | undefined> = undefined) {
  const client = useQueryClient()
  const stream = useStream()
  const query = useQuery({
    queryKey: computed(() => riskKey(toValue(user))),
    queryFn: ({ signal }) => getRisk({ query: { user: toValue(user) ?? null }, signal }),
    refetchInterval: ({ state }) => (isPending(state.data?.bots ?? []) ? PENDING_MS : REST_MS),
  })
  let askedAt = 0
  const forget = stream.hear('alert', () => {
    if (Date.now() - askedAt < ALERT_GAP_MS) return
    askedAt = Date.now()
    void client.invalidateQueries({ queryKey: ['risk'] })
  })
  onScopeDispose(forget)
  return query
}

export function riskKey(user: string | undefined): readonly string[] {
  return user === undefined ? ['risk'] : ['risk', user]
}

export type { BotRiskResponse, RiskResponse }
