/** What the fleet's page shows: the stream's portfolio, and beside it what no stream tells, asked for rarely. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/vue-query'
import { useDocumentVisibility, useLocalStorage } from '@vueuse/core'
import { computed, onScopeDispose, shallowRef, watch } from 'vue'

import { type BotResponse, type BotRiskResponse, getRisk, listActions, listBots, listFindings, listSparklines } from '@/api/generated'
import { useStream } from '@/stream/stream'

import { type Alert, attention, type Item } from './attention'
import { type Row, rowsOf } from './rows'
import { sparksOf } from './spark'

export const RECORDS = ['bots', 'records'] as const
const PAGE = 200
/** State changes come in bursts, and the list of a large fleet is long. */
const GAP_MS = 5_000
const LARGE_GAP_MS = 30_000
const LARGE = 100
const SPARK_MS = 300_000
const DAY_MS = 86_400_000

export function useFleet() {
  const stream = useStream()
  const client = useQueryClient()
  const records = useQuery({ queryKey: RECORDS, queryFn: ({ signal }) => allBots(signal), staleTime: GAP_MS })
  const risk = useQuery({ queryKey: ['risk'], queryFn: ({ signal }) => getRisk({ signal }) })
  const findings = useQuery({ queryKey: ['findings', 'open'], queryFn: ({ signal }) => listFindings({ query: { state: 'open', limit: 50 }, signal }) })
  const actions = useQuery({ queryKey: ['actions', 'alerts'], queryFn: ({ signal }) => listActions({ query: { kind: 'alert', since: new Date(Date.now() - DAY_MS).toISOString(), limit: 50 }, signal }) })
  const sparks = useQuery({
    queryKey: ['sparklines', '24h'],
    queryFn: ({ signal }) => listSparklines({ query: { range: '24h' }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    refetchInterval: SPARK_MS,
  })

  const recordById = computed<ReadonlyMap<string, BotResponse>>(() => new Map((records.data.value ?? []).map((bot) => [bot.id, bot])))
  const riskById = computed<ReadonlyMap<string, BotRiskResponse>>(() => new Map((risk.data.value?.bots ?? []).map((bot) => [bot.bot_id, bot])))
  const sparkById = computed(() => sparksOf(sparks.data.value?.items ?? []))

  const rows = shallowRef<ReadonlyMap<string, Row>>(new Map())
  watch(
    [() => stream.portfolio, () => stream.told, recordById, riskById],
    () => (rows.value = rowsOf(stream.bots, { records: recordById.value, told: stream.told, risks: riskById.value }, rows.value)),
    { immediate: true },
  )

  const seenAt = useLocalStorage('flotilla-alerts-seen', 0)
  const alerts = computed<Alert[]>(() => {
    const kept = (actions.data.value?.items ?? []).map((action) => ({
      bot_id: action.bot_id,
      name: action.bot_name ?? '',
      type: action.rule,
      message: action.message,
      at: Date.parse(action.updated_at),
    }))
    const heard = new Set(stream.alerts.map(({ bot_id: bot, message }) => `${bot} ${message}`))
    return [...stream.alerts, ...kept.filter(({ bot_id: bot, message }) => !heard.has(`${bot} ${message}`))]
  })
  const items = computed<Item[]>(() =>
    attention({
      rows: [...rows.value.values()],
      halts: risk.data.value?.halts ?? [],
      findings: findings.data.value?.items ?? [],
      alerts: alerts.value,
      seenAt: seenAt.value,
    }),
  )

  /** Lists are asked for anew where the stream says that they changed, a while after the first sign of it. */
  const visible = useDocumentVisibility()
  let timer: ReturnType<typeof setTimeout> | undefined
  function refresh(): void {
    if (timer !== undefined || visible.value === 'hidden') return
    timer = setTimeout(
      () => {
        timer = undefined
        void client.invalidateQueries({ queryKey: RECORDS })
        void client.invalidateQueries({ queryKey: ['risk'] })
      },
      stream.bots.length > LARGE ? LARGE_GAP_MS : GAP_MS,
    )
  }
  const forgets = [
    stream.hear('bot', refresh),
    stream.hear('alert', () => {
      void client.invalidateQueries({ queryKey: ['findings'] })
      refresh()
    }),
  ]
  watch(
    () => stream.bots.length > 0 && records.data.value !== undefined && stream.bots.some(({ id }) => !recordById.value.has(id)),
    (unknown) => unknown && refresh(),
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    forgets.forEach((forget) => forget())
  })

  return { stream, records, rows, items, sparkById, putAway: () => (seenAt.value = Date.now()) }
}

export async function allBots(signal: AbortSignal): Promise<BotResponse[]> {
  const all: BotResponse[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof listBots>> = await listBots({ query: { limit: PAGE, ...(after === null ? {} : { after }) }, signal })
    all.push(...page.items)
    after = page.next
  } while (after !== null)
  return all
}
