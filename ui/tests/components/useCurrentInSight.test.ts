import { expect, it, vi } from 'vitest'

import { centre } from '@/components/useCurrentInSight'

function rowOf(links: { left: number; width: number; isCurrent?: boolean }[]): HTMLElement {
  const row = document.createElement('nav')
  vi.spyOn(row, 'getBoundingClientRect').mockReturnValue(new DOMRect(10, 0, 300, 40))
  for (const { left, width, isCurrent } of links) {
    const link = document.createElement('a')
    if (isCurrent) link.setAttribute('aria-current', 'page')
    vi.spyOn(link, 'getBoundingClientRect').mockReturnValue(new DOMRect(left, 0, width, 40))
    row.append(link)
  }
  return row
}

it('brings the current link into the middle of its row', () => {
  const row = rowOf([{ left: 10, width: 100 }, { left: 410, width: 100, isCurrent: true }])
  centre(row)
  expect(row.scrollLeft).toBe(300)
})

it('leaves a row alone of which none is current', () => {
  const row = rowOf([{ left: 410, width: 100 }])
  centre(row)
  expect(row.scrollLeft).toBe(0)
})
