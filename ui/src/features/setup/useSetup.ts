/** What the set-up knows and what was chosen in it, kept for this tab until it is over: a load of the page loses nothing. */
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, inject, type InjectionKey, provide, ref, watch } from 'vue'

import { getDefaultPolicy, listPolicyPresets, listTemplates } from '@/api/generated'
import { useSession } from '@/features/auth/session'
import { allBots, RECORDS } from '@/features/fleet/useFleet'

import { demoOf, type Plan, planOnEntry, readPlan, usualPlan } from './plan'

export type Setup = ReturnType<typeof makeSetup>
const SETUP: InjectionKey<Setup> = Symbol('setup')

function makeSetup(isStart: boolean) {
  const session = useSession()
  const client = useQueryClient()
  const mayTrade = computed(() => session.mayTrade)
  const templates = useQuery({ queryKey: ['templates'], queryFn: () => listTemplates(), staleTime: 60_000, enabled: mayTrade })
  const presets = useQuery({ queryKey: ['policy-presets'], queryFn: () => listPolicyPresets(), staleTime: 60_000, enabled: mayTrade })
  const rules = useQuery({ queryKey: ['policies', 'default', 'in-force'], queryFn: () => getDefaultPolicy(), enabled: mayTrade })
  const records = useQuery({ queryKey: RECORDS, queryFn: ({ signal }) => allBots(signal), enabled: mayTrade })

  const own = computed(() => (records.data.value ?? []).filter((bot) => bot.owner === session.me?.username && bot.desired_state !== 'deleted'))
  const demo = computed(() => demoOf(own.value))
  const keptAs = computed(() => `flotilla.set-up.${session.me?.id ?? ''}`)
  const plan = ref<Plan | null>(planOnEntry(readPlan(sessionStorage.getItem(keptAs.value)), isStart))
  const asked = [templates, presets, rules, records]
  /** Whether all of that was told. */
  const isKnown = computed(() => asked.every((query) => query.data.value !== undefined))
  const error = computed(() => asked.find((query) => query.error.value !== null && query.data.value === undefined)?.error.value ?? null)

  watch(
    [() => templates.data.value, () => presets.data.value, () => rules.data.value, () => records.data.value],
    ([found, known, inForce, bots]) => {
      if (plan.value !== null || !found || !known || !inForce || !bots) return
      plan.value = usualPlan({ templates: found.items, presets: known.items, bots: own.value, version: inForce.version })
    },
    { immediate: true },
  )

  /** Also where the page was left meanwhile: what is made goes on being made. */
  function keep(now: Plan): void {
    plan.value = now
    sessionStorage.setItem(keptAs.value, JSON.stringify(now))
  }

  /** Asks anew who there is: the answer of a moment ago does not count before something is made. */
  async function ownBots(): Promise<typeof own.value> {
    await client.refetchQueries({ queryKey: RECORDS }, { throwOnError: true })
    return own.value
  }

  return {
    plan,
    keep,
    own,
    demo,
    error,
    isKnown,
    ownBots,
    templates: computed(() => templates.data.value?.items ?? []),
    presets: computed(() => presets.data.value?.items ?? []),
    version: computed(() => rules.data.value?.version ?? 0),
    retry: () => asked.forEach((query) => void query.refetch()),
  }
}

/** Once, for the page; its steps take it by `useSetup`. `isStart`: it is the page that makes what was planned. */
export function provideSetup(isStart: boolean): Setup {
  const setup = makeSetup(isStart)
  provide(SETUP, setup)
  return setup
}

export function useSetup(): Setup {
  const setup = inject(SETUP)
  if (setup === undefined) throw new Error('a step of the set-up outside of it')
  return setup
}

/** The plan, to a step that is shown once there is one. */
export function usePlan() {
  const { plan, keep } = useSetup()
  return computed({ get: () => plan.value!, set: keep })
}
