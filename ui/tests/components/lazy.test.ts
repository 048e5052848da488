import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import { h } from 'vue'

import { lazy } from '@/components/lazy'

afterEach(() => void vi.useRealTimers())

it('asks again for code that did not arrive, and tells no error meanwhile', async () => {
  vi.useFakeTimers()
  const told = vi.spyOn(console, 'error')
  const warned = vi.spyOn(console, 'warn')
  const One = { render: () => h('p', 'there') }
  const loader = vi.fn<() => Promise<typeof One>>().mockRejectedValueOnce(new TypeError('away')).mockRejectedValueOnce(new TypeError('away')).mockResolvedValue(One)
  const Late = lazy(loader, { render: () => h('p', 'waits') })
  const shown = mount({ render: () => h('div', h(Late)) })
  await flushPromises()
  expect(shown.text()).toBe('waits')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(shown.text()).toBe('there')
  expect(loader).toHaveBeenCalledTimes(3)
  expect([told, warned].flatMap((one) => one.mock.calls)).toEqual([])
})
