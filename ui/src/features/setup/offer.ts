/** Whether the set-up is opened by itself: once in a browser, for who may trade and was not through it. */
import type { MeResponse } from '@/api/generated'

/** Remembers who left the set-up for later here; the fleet's page and the command palette still lead to it. */
const LATER = 'flotilla.set-up-later'

export function leadsToSetup(me: Pick<MeResponse, 'id' | 'role' | 'set_up_at'> | null): boolean {
  return me !== null && me.set_up_at === null && me.role !== 'viewer' && localStorage.getItem(LATER) !== me.id
}

export function putOff(me: Pick<MeResponse, 'id'>): void {
  localStorage.setItem(LATER, me.id)
}
