/** What can be done to a wallet. Pure. */
import type { WalletResponse } from '@/api/generated'

export const ACTS = ['deposit', 'withdraw', 'allocate', 'take_back', 'rename', 'archive'] as const
export type Act = (typeof ACTS)[number]
export const ICONS: Record<Act, string> = {
  deposit: 'i-lucide-arrow-down-to-line',
  withdraw: 'i-lucide-arrow-up-from-line',
  allocate: 'i-lucide-bot',
  take_back: 'i-lucide-undo-2',
  rename: 'i-lucide-pencil',
  archive: 'i-lucide-archive',
}

/** Money of an exchange account is moved at the exchange; what is archived stays as it is. */
export function actsOf({ kind, archived_at: archivedAt }: Pick<WalletResponse, 'kind' | 'archived_at'>): Act[] {
  if (archivedAt !== null) return []
  return ACTS.filter((act) => kind === 'paper' || (act !== 'deposit' && act !== 'withdraw'))
}
