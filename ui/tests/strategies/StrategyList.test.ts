import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'

import StrategyList from '@/features/strategies/StrategyList.vue'
import { i18n, loadText } from '@/locales/i18n'

const told = vi.hoisted(() => {
  const head = { number: 1, class_name: 'Mine', note: '', tags: [], check: { state: 'passed', findings: [], facts: null, waits_for: null } }
  const one = (id: string, archived_at: string | null) => ({ id, name: id, owner_id: 'me', head, created_at: '2026-11-20T12:00:00Z', updated_at: '2026-11-20T12:00:00Z', archived_at })
  return [one('old', '2026-11-21T12:00:00Z'), one('new', null)]
})
vi.mock('@/api/generated', async (real) => ({
  ...(await real<object>()),
  listStrategies: ({ query }: { query: { archived: boolean } }) => Promise.resolve({ items: told.filter((one) => query.archived || one.archived_at === null), next: null }),
}))
vi.mock('@iconify/vue', async (real) => ({ ...(await real<object>()), Icon: () => null }))

const LONG_MS = 180_000
beforeAll(() => loadText(['strategies']), LONG_MS)
beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
})
afterEach(() => vi.useRealTimers())

it('has archived ones where the URL says so, and leads to none of them', async () => {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/strategies/:id?', component: StrategyList }] })
  await router.push('/strategies')
  const page = mount(StrategyList, { global: { plugins: [router, i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]], stubs: { PageFrame: { template: '<div><slot /></div>' } } } })
  const shown = () => page.findAll('[data-testid="strategy"]').map((row) => [row.attributes('data-strategy-id'), row.find('a').exists(), row.find('[data-testid="archived"]').exists()])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(shown()).toEqual([['new', true, false]])
  await router.replace('/strategies?archived=1')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(shown()).toEqual([
    ['old', false, true],
    ['new', true, false],
  ])
  page.unmount()
}, LONG_MS)
