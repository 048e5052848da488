import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { useThrottleFn } from '@vueuse/core'
import { computed, onScopeDispose } from 'vue'

import { listAccounts, listWallets, type AccountResponse, type WalletResponse } from '@/api/generated'
import { useFormat } from '@/locales/format'
import { useStream } from '@/stream/stream'

const PAGE = 200
const AT_MOST_EVERY_MS = 3_000
const DIGITS = 8

/** All of one's wallets, also those out of use; asked for anew when bots traded. */
export function useWallets() {
  const stream = useStream()
  const client = useQueryClient()
  const query = useQuery({ queryKey: ['wallets', 'all'], queryFn: ({ signal }) => allWallets(signal) })
  const accounts = useQuery({ queryKey: ['findings', 'accounts'], queryFn: ({ signal }) => listAccounts({ signal }) })
  const accountById = computed<ReadonlyMap<string, AccountResponse>>(() => new Map((accounts.data.value?.items ?? []).map((one) => [one.wallet_id, one])))
  const nameById = computed<ReadonlyMap<string, string>>(() => new Map((query.data.value ?? []).map((one) => [one.id, one.name])))
  const stakes = computed<ReadonlySet<string>>(() => new Set(stream.bots.map(({ currency }) => currency)))
  const anew = useThrottleFn(
    () => {
      void client.invalidateQueries({ queryKey: ['wallets'] })
      void client.invalidateQueries({ queryKey: ['findings'] })
    },
    AT_MOST_EVERY_MS,
    true,
  )
  const ends = [stream.hear('trade', () => void anew()), stream.hear('alert', () => void anew())]
  onScopeDispose(() => ends.forEach((end) => end()))
  return { query, accounts, accountById, nameById, stakes }
}

/** Amounts of the ledger: with more digits than a price tag, and a currency. */
export function useAmount() {
  const { count } = useFormat()
  const stream = useStream()
  const figure = (value: string) => count(value, DIGITS)
  const amount = (value: string, currency: string) => `${figure(value)} ${currency}`
  const change = (value: string, currency: string) => `${value.startsWith('-') ? '' : '+'}${amount(value, currency)}`
  /** Of a bot that is gone only its id is left. */
  const botName = (id: string) => stream.botById.get(id)?.name ?? id
  return { figure, amount, change, botName }
}

async function allWallets(signal: AbortSignal): Promise<WalletResponse[]> {
  const all: WalletResponse[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof listWallets>> = await listWallets({ query: { archived: true, limit: PAGE, after }, signal })
    all.push(...page.items)
    after = page.next
  } while (after !== null)
  return all
}
