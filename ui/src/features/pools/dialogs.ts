/** What is open over the page. */
import { inject, provide, shallowRef, type InjectionKey } from 'vue'

import type { PoolResponse, SlotResponse } from '@/api/generated'

/** A bot with the pool that it is in. */
export type Carried = SlotResponse & { pool: string }

export type Dialog =
  | { kind: 'move'; bot: Carried; target?: string }
  | { kind: 'drain' | 'delete' | 'check'; pool: PoolResponse }
  | { kind: 'rebalance' | 'create' | 'sync' }
  | { kind: 'rollout'; pools?: string[] }

const KEY: InjectionKey<(dialog: Dialog) => void> = Symbol('pool dialogs')

export function provideDialogs() {
  const dialog = shallowRef<Dialog | null>(null)
  provide(KEY, (next) => (dialog.value = next))
  return dialog
}

export function useDialogs(): (dialog: Dialog) => void {
  const open = inject(KEY)
  if (open === undefined) throw new Error('no dialogs here')
  return open
}

/** The bot that a pointer carries; pools show whether they would take it. */
export const carried = shallowRef<Carried | null>(null)
