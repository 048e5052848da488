import { nextTick, watch, type Ref } from 'vue'

/** Of a row of links that scrolls sideways on a phone, keeps the current one in its middle. */
export function useCurrentInSight(row: Readonly<Ref<HTMLElement | null>>, current: () => unknown): void {
  watch([row, current], () => void nextTick(() => row.value && centre(row.value)), { flush: 'post', immediate: true })
}

/** Moves nothing but the row itself: the page stays where it is. */
export function centre(row: HTMLElement): void {
  const link = row.querySelector('[aria-current=page]')
  if (link === null) return
  const [inner, outer] = [link.getBoundingClientRect(), row.getBoundingClientRect()]
  row.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2)
}
