import { type Ref, shallowRef, watch } from 'vue'

import { matches, type Row, sorted } from './rows'
import type { View } from './view'

/** So long rows stay where they are while their figures move: what one reaches for must not jump away. */
const HELD_MS = 5_000

/** The rows that match, in order. Figures and filters are of now; the order follows the figures every few seconds. */
export function useOrder(rows: Ref<ReadonlyMap<string, Row>>, view: Ref<View>, clock: () => number = Date.now) {
  const shown = shallowRef<readonly Row[]>([])
  let order: string[] = []
  let orderedAt = 0
  let by = ''

  watch(
    [rows, view],
    ([now, wanted]) => {
      const key = `${wanted.sort} ${wanted.descending}`
      const isOver = clock() - orderedAt >= HELD_MS
      if (key !== by || isOver || order.length !== now.size || order.some((id) => !now.has(id))) {
        order = sorted(now.values(), wanted.sort, wanted.descending).map(({ id }) => id)
        orderedAt = clock()
        by = key
      }
      shown.value = order.map((id) => now.get(id)).filter((row) => row !== undefined && matches(row, wanted)) as Row[]
    },
    { immediate: true },
  )
  return shown
}
