import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'

import type { ExchangeTraffic, TrafficResponse } from '@/api/generated'
import TrafficTab from '@/features/pools/TrafficTab.vue'
import { i18n, loadText } from '@/locales/i18n'

const asked = vi.hoisted(() => vi.fn<() => Promise<TrafficResponse>>())
vi.mock('@iconify/vue', async (real) => ({ ...(await real<object>()), Icon: () => null }))
vi.mock('@/api/generated', async (real) => ({ ...(await real<object>()), getExchangeTraffic: asked }))

const AT = '2026-11-22T12:00:00Z'

function exchange(name: string, part: Partial<ExchangeTraffic> = {}): ExchangeTraffic {
  return {
    exchange: name, breaker: 'closed', reason: null, retry_at: null, clock_skew_ms: 12,
    figures: {
      requests: 12000, hits: 11000, joined: 400, hit_rate: 0.95, upstream: 600, failures: 1, refused_upstream: 0, refused_here: 3,
      budgets: [{ authority: `api.${name}.com`, used: 5900, limit: 6000, window_seconds: 60, refused: 3, waiting: 2 }],
    },
    ...part,
  }
}

function traffic(part: Partial<TrafficResponse> = {}): TrafficResponse {
  return {
    available: true, problem: null, as_of: AT, exchanges: [], ...part,
    gateway: part.gateway === undefined ? { started_at: AT, memory_bytes: 90_000_000, cached_bytes: 4_000_000, cached_answers: 300, problems: [], feeds: [] } : part.gateway,
  }
}

beforeAll(async () => {
  setActivePinia(createPinia())
  await loadText(['pools'])
}, 180_000)
beforeEach(() => void asked.mockReset())

async function shown(): Promise<ReturnType<typeof mount>> {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:any(.*)*', component: { render: () => null } }] })
  const page = mount(TrafficTab, { global: { plugins: [router, i18n, createPinia(), [VueQueryPlugin, { queryClient: client }]], stubs: { Icon: true, UIcon: true } } })
  await flushPromises()
  return page
}

it('tells of each exchange whether it can be asked, and how near its limits are', async () => {
  const banned = exchange('kraken', { breaker: 'banned', reason: 'It said 418.', retry_at: AT })
  asked.mockResolvedValue(traffic({ exchanges: [exchange('binance'), banned] }))
  const page = await shown()
  const [first, second] = page.findAll('[data-testid=traffic]')
  expect(first!.attributes('data-breaker')).toBe('closed')
  expect(first!.text()).toContain('Can be asked')
  expect(first!.text()).toMatch(/95\.00\s?%/)
  expect(first!.text()).toContain('5,900 of 6,000 in 1 min 00 s, 2 waiting')
  expect(first!.find('[role=meter]').attributes('aria-valuenow')).toBe('98')
  expect(second!.text()).toContain('Refuses us')
  expect(second!.text()).toContain('It said 418.')
  expect(second!.text()).toContain('Asked again at')
  expect(page.get('[data-testid=gateway]').text()).toContain('300 kept answers')
})

it('says that bots ask by themselves where the gateway is away', async () => {
  asked.mockResolvedValue(traffic({ available: false, problem: 'It does not answer.', gateway: null }))
  const page = await shown()
  expect(page.get('[data-testid=traffic-away]').text()).toContain('It does not answer.')
  expect(page.find('[data-testid=traffic]').exists()).toBe(false)
})

it('shows what is the matter with the gateway beside what it does', async () => {
  const gateway = { started_at: AT, memory_bytes: 1, cached_bytes: 1, cached_answers: 1, problems: ['The disk is full.'], feeds: [] }
  asked.mockResolvedValue(traffic({ gateway }))
  const page = await shown()
  expect(page.get('[data-testid=traffic-problem]').text()).toContain('The disk is full.')
  expect(page.text()).toContain('No exchange was asked yet')
})

it('shows why prices of an exchange are not followed, and is silent on those that are', async () => {
  const feed = { market: 'spot', way: 'polling', symbols: 3, told: 3, age_ms: 400 } as const
  const feeds = [{ ...feed, exchange: 'kraken', problem: 'The exchange does not answer.' }, { ...feed, exchange: 'okx', problem: null }]
  asked.mockResolvedValue(traffic({ gateway: { started_at: AT, memory_bytes: 1, cached_bytes: 1, cached_answers: 1, problems: [], feeds } }))
  const page = await shown()
  expect(page.get('[data-testid=traffic-problem]').text()).toBe('kraken (spot): The exchange does not answer.')
})

it('shows no figures to who is told none', async () => {
  asked.mockResolvedValue(traffic({ exchanges: [exchange('binance', { figures: null })], gateway: null }))
  const page = await shown()
  const [one] = page.findAll('[data-testid=traffic]')
  expect(one!.text()).toContain('Can be asked')
  expect(one!.find('dl').exists()).toBe(false)
  expect(one!.find('[role=meter]').exists()).toBe(false)
})

it('can be tried again where it could not be asked', async () => {
  asked.mockRejectedValueOnce(new Error('no')).mockResolvedValue(traffic({ exchanges: [exchange('binance')] }))
  const page = await shown()
  expect(page.find('[data-testid=traffic]').exists()).toBe(false)
  await page.get('[role=alert] button').trigger('click')
  await flushPromises()
  expect(page.find('[role=alert]').exists()).toBe(false)
  expect(page.find('[data-testid=traffic]').exists()).toBe(true)
})
