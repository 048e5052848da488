import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { h } from 'vue'

import { lazy } from '@/components/lazy'

const loadAnew = vi.hoisted(() => vi.fn())
vi.mock('@/components/lost', async (original) => ({ ...(await original<object>()), loadAnew }))

const One = { render: () => h('p', 'there') }
const away = () => new TypeError('Failed to fetch dynamically imported module: /assets/One.js')
const isServed = vi.fn<() => boolean>()
const told = vi.spyOn(console, 'error')
const warned = vi.spyOn(console, 'warn')

function show(loader: () => Promise<typeof One>, errors: unknown[] = []) {
  const Late = lazy(loader, { render: () => h('p', 'waits') })
  return mount({ render: () => h('div', h(Late)) }, { global: { config: { errorHandler: (error) => void errors.push(error) } } })
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.clearAllMocks()
  vi.stubGlobal('fetch', () => (isServed() ? Promise.resolve(new Response('')) : Promise.reject(new TypeError('no network'))))
})
afterEach(() => {
  expect([told, warned].flatMap((one) => one.mock.calls)).toEqual([])
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('asks again for code that did not arrive, and tells no error meanwhile', async () => {
  isServed.mockReturnValue(false)
  const loader = vi.fn<() => Promise<typeof One>>().mockResolvedValue(One)
  for (let times = 0; times < 6; times++) loader.mockRejectedValueOnce(away())
  const shown = show(loader)
  await flushPromises()
  expect(shown.text()).toBe('waits')
  await vi.advanceTimersByTimeAsync(300_000)
  expect(shown.text()).toBe('there')
  expect(loader).toHaveBeenCalledTimes(7)
  expect(loadAnew).not.toHaveBeenCalled()
})

it('loads the page as a whole where what is served has no such code any more', async () => {
  isServed.mockReturnValue(true)
  show(() => Promise.reject(away()))
  await vi.advanceTimersByTimeAsync(300_000)
  expect(loadAnew).toHaveBeenCalledWith('/')
})

it('tells of code that does not work, and asks for it once', async () => {
  const errors: unknown[] = []
  const fault = new TypeError('x is not a function')
  const loader = vi.fn(() => Promise.reject(fault))
  show(loader, errors)
  await vi.advanceTimersByTimeAsync(300_000)
  expect(errors).toEqual([fault])
  expect(loader).toHaveBeenCalledTimes(1)
})
