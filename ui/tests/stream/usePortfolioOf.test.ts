import { enableAutoUnmount, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { h, nextTick, ref } from 'vue'

import { Problem } from '@/api/problem'
import { useStream } from '@/stream/stream'
import { usePortfolioOf } from '@/stream/usePortfolioOf'

interface Told {
  event(kind: string, body: unknown, id: string): void
  alive(): void
  connected(): void
  lost(): void
  refused(problem: Problem): void
}
const opened = vi.hoisted(() => [] as { url: string; told: Told; closed: boolean }[])
vi.mock('@/stream/connection', () => ({
  Connection: class {
    private readonly one: (typeof opened)[number]
    constructor(url: string, told: Told) {
      this.one = { url, told, closed: false }
      opened.push(this.one)
    }
    close(): void {
      this.one.closed = true
    }
  },
}))

const portfolio = (equity: string) => ({ as_of: '1', equity, bots: [{ id: 'a', equity }] })
const newest = () => opened.at(-1)!
const left = () => opened.filter(({ closed }) => !closed).map(({ url }) => new URL(url, 'http://x').searchParams.get('user'))
const user = ref('ann')

function look() {
  let found!: ReturnType<typeof usePortfolioOf>
  const page = mount({ setup: () => ((found = usePortfolioOf(user)), () => h('p')) })
  newest().told.connected()
  newest().told.event('portfolio', portfolio('1'), 'x-1')
  return { ...found, page }
}

enableAutoUnmount(afterEach)
beforeEach(() => {
  vi.useFakeTimers()
  opened.length = 0
  user.value = 'ann'
  setActivePinia(createPinia())
})
afterEach(() => {
  useStream().stop()
  vi.useRealTimers()
})

it('follows what is new, and begins anew where something is missing', () => {
  const { portfolio: told, isLive } = look()
  newest().told.event('change', { since: 'x-1', equity: '2', bots: [{ id: 'a', equity: '2' }] }, 'x-2')
  expect(told.value).toMatchObject({ equity: '2', bots: [{ id: 'a', equity: '2' }] })
  newest().told.event('change', { since: 'x-5', equity: '6', bots: [] }, 'x-6')
  expect(told.value?.equity, 'what is known stays').toBe('2')
  expect(isLive.value).toBe(false)
  expect(left()).toEqual(['ann'])
  expect(opened).toHaveLength(2)
})

it("is never another one's, and ends with the page", async () => {
  const { portfolio: told, page } = look()
  user.value = 'b&b'
  await nextTick()
  expect(told.value).toBe(null)
  expect(left()).toEqual(['b&b'])
  page.unmount()
  expect(left()).toEqual([])
})

it("rests with one's own stream, and begins anew where nothing comes", async () => {
  const { isLive } = look()
  const own = useStream()
  own.state = 'resting'
  await nextTick()
  expect(left()).toEqual([])
  own.state = 'live'
  await nextTick()
  expect(left()).toEqual(['ann'])
  newest().told.connected()
  vi.setSystemTime(Date.now() + 16_000)
  own.now = Date.now()
  await nextTick()
  expect(left()).toEqual(['ann'])
  expect(opened).toHaveLength(3)
  expect(isLive.value).toBe(false)
})

it('shows nothing any more of who shares it no more', () => {
  const { portfolio: told, problem } = look()
  newest().told.refused(new Problem(404, 'not_found', 'No such user', 'Look at the list.'))
  expect(problem.value?.status).toBe(404)
  expect(told.value).toBe(null)
})
