import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { computed, defineComponent, h, ref } from 'vue'

import type { TradeResponse } from '@/api/generated'
import { stillOpen, withTold } from '@/features/bots/bot/trades'
import { useTrades } from '@/features/bots/bot/useTrades'
import { useStream } from '@/stream/stream'

type Take = (kind: string, body: unknown, id: string) => void
const connection = vi.hoisted(() => ({ take: undefined as Take | undefined }))
vi.mock('@/stream/connection', () => ({
  Connection: class {
    constructor(_url: string, told: { event: Take }) {
      connection.take = told.event
    }
    close(): void {}
  },
}))
const asked = vi.hoisted(() => [] as ((page: unknown) => void)[])
vi.mock('@/api/generated', () => ({ listTrades: () => new Promise((answer) => asked.push(answer)) }))

const trade = (trade_id: number, more: Partial<TradeResponse> = {}) =>
  ({ bot_id: 'a', trade_id, state: 'open', opened_at: '2026-11-22T08:00:00Z', closed_at: null, ...more }) as TradeResponse
const closed = (trade_id: number, at: string) => trade(trade_id, { state: 'closed', closed_at: `2026-11-22T${at}Z`, exit_reason: 'stop' })
const numbers = (trades: readonly TradeResponse[]) => trades.map((one) => one.trade_id)

describe('what the stream told beside what was answered', () => {
  it('has the newest first, and each trade once', () => {
    const answer = [closed(3, '09:30:00'), closed(1, '09:10:00')]
    const told = [closed(4, '09:40:00'), closed(3, '09:30:00'), closed(2, '09:20:00')]
    expect(numbers(withTold(answer, told))).toEqual([4, 3, 2, 1])
    expect(numbers(withTold([], told))).toEqual([4, 3, 2])
  })

  it('knows a trade of a database that was replaced from an old one of its number', () => {
    const old = closed(1, '09:10:00')
    const again = { ...closed(1, '09:40:00'), opened_at: '2026-11-22T09:35:00Z' }
    expect(withTold([old], [again])).toEqual([again, old])
  })

  it('leaves what is older than a page to the page behind it', () => {
    expect(numbers(withTold([closed(9, '09:30:00')], [closed(1, '09:10:00')]))).toEqual([9])
  })

  it('ends open trades, and no later one of the same number', () => {
    const open = [trade(1), trade(2), trade(3, { opened_at: '2026-11-22T10:00:00Z' })]
    expect(numbers(stillOpen(open, [closed(1, '09:10:00'), closed(3, '09:30:00')]))).toEqual([2, 3])
  })
})

describe('trades of a bot', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    asked.length = 0
    setActivePinia(createPinia())
  })
  afterEach(() => {
    useStream().stop()
    vi.useRealTimers()
  })

  it('are shown closed as the stream tells it, before anything else is answered', async () => {
    void useStream().start('user-a')
    const shown = defineComponent({
      setup() {
        const { open, told } = useTrades(ref('a'))
        const text = computed(() => `open ${numbers(open.value).join()} closed ${told.value.map((one) => `${one.trade_id}:${one.exit_reason}`).join()}`)
        return () => h('p', text.value)
      },
    })
    const page = mount(shown, { global: { plugins: [[VueQueryPlugin, { queryClient: new QueryClient() }]] } })
    asked[0]!({ items: [trade(1), trade(2)], next: null })
    await flushPromises()
    await vi.advanceTimersByTimeAsync(0)
    expect(page.text()).toBe('open 1,2 closed')

    const tell = (body: object) => connection.take!('trade', body, 'x-1')
    tell({ bot_id: 'b', event: 'exit_fill', closed: closed(2, '09:20:00') })
    tell({ bot_id: 'a', event: 'exit', closed: null })
    tell({ bot_id: 'a', event: 'exit_fill', closed: closed(1, '09:10:00') })
    await flushPromises()
    expect(page.text()).toBe('open 2 closed 1:stop')

    await vi.advanceTimersByTimeAsync(2_000)
    expect(asked.length).toBeGreaterThan(1) // behind it, all of it is asked for anew
    page.unmount()
  })
})
