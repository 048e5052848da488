/** Pure: how full a limit is. */
import type { UseResponse } from '@/api/generated'

/** From 0; 1 is at the limit. What is not known is empty, and nothing fits into a limit of 0. */
export function shareOf({ used, allowed }: Pick<UseResponse, 'used' | 'allowed'>): number {
  if (used === null) return 0
  const limit = Number(allowed)
  if (limit <= 0) return 1
  return Math.max(0, Number(used) / limit)
}
