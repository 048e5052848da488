import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeAll, expect, it, vi } from 'vitest'
import { h, nextTick, shallowRef, type Plugin, type VNode } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'

import type { Fleet } from '@/features/pools/places'
import { provideDialogs } from '@/features/pools/dialogs'
import SlotMap from '@/features/pools/SlotMap.vue'
import SlotTable from '@/features/pools/SlotTable.vue'
import { i18n, loadText } from '@/locales/i18n'

import { fleet, move, pool, slot } from './fixtures'

vi.mock('@iconify/vue', async (real) => ({ ...(await real<object>()), Icon: () => null }))

const POOLS = 20
const SLOTS = 50
const LONG_MS = 180_000
const plugins = (): (Plugin | [Plugin, ...unknown[]])[] => [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }], createRouter({ history: createMemoryHistory(), routes: [{ path: '/:any(.*)*', component: { render: () => null } }] })]

/** Where dialogs can be opened. */
const within = (shown: () => VNode[]) => ({
  setup() {
    provideDialogs()
    return () => h('main', shown())
  },
})

beforeAll(async () => {
  setActivePinia(createPinia())
  await loadText(['pools'])
}, LONG_MS)

/** As an answer of the API has it: all objects are new ones. What changes for `changed` alone comes on top. */
function told(tick: number, changed: Parameters<typeof slot>[1] = {}, moves: Fleet['moves'] = []): Fleet {
  const ids = Array.from({ length: POOLS }, (_, number) => `pool-${number}`)
  const slots = Object.fromEntries(
    ids.map((id) => [id, Array.from({ length: SLOTS }, (_, number) => slot(`${id}-${number}`, { uptime_seconds: tick, cpu_percent: tick, pss_bytes: 30_000_000 + tick, ...(id === 'pool-3' && number === 7 ? changed : {}) }))]),
  )
  return fleet(ids.map((id) => pool(id, { slots_total: SLOTS, slots_used: SLOTS, cpu_percent: tick })), slots, moves)
}

it('draws those slots anew that show something else, of a thousand', async () => {
  const now = shallowRef(told(0))
  const sought = shallowRef('')
  let drawn: string[] = []
  const page = mount(
    within(() => now.value.pools.map((one) => h(SlotMap, { key: one.id, pool: one, fleet: now.value, sought: sought.value }))),
    {
      global: {
        plugins: plugins(),
        stubs: { UDropdownMenu: true, DropdownMenu: true, UButton: true, UIcon: true, Icon: true, RouterLink: true },
        mixins: [
          {
            updated() {
              if (this.$options.__name === 'SlotCell') drawn.push((this as unknown as { bot: { bot: string } }).bot.bot)
            },
          },
        ],
      },
    },
  )
  async function after(next: Fleet, name = ''): Promise<string[]> {
    drawn = []
    now.value = next
    sought.value = name
    await nextTick()
    return drawn
  }
  expect(page.findAll('[data-testid="slot"]')).toHaveLength(POOLS * SLOTS)
  expect(await after(told(1))).toEqual([])
  expect(await after(told(2, { observed_state: 'failed' }))).toEqual(['pool-3-7'])
  expect(page.get('[data-bot="pool-3-7"]').attributes('data-state')).toBe('failed')
  expect(await after(told(3, { observed_state: 'failed', open_trades: 2, pss_bytes: 90_000_000 }))).toEqual(['pool-3-7'])
  expect(page.get('[data-bot="pool-3-7"]').text()).toContain('2 trades')
  const moving = [move('pool-3-7', 'pool-3', 'pool-9')]
  expect(await after(told(4, {}, moving))).toEqual(['pool-3-7'])
  expect(page.get('[data-bot="pool-3-7"]').text()).toContain('pool-9')
  expect(await after(told(5, {}, moving), 'pool-3-7')).toEqual(['pool-3-7'])
  page.unmount()
}, LONG_MS)

it('tells as much of a slot on a phone as in the table', async () => {
  const told = slot('one', { open_trades: 3, restarts: 4, epoch: 17, cpu_percent: 12.5, observed_state: 'stopping', desired_state: 'stopped' })
  const page = mount(
    within(() => [h(SlotTable, { slots: [told], pool: 'pool-a' })]),
    { global: { plugins: plugins() } },
  )
  const [row, card] = [page.get('[data-testid="slot-row"]'), page.get('[data-testid="slot-card"]')]
  const cells = row.findAll('td').map((cell) => cell.text()).filter(Boolean)
  expect(cells.length).toBeGreaterThan(8)
  for (const text of cells) expect(card.text()).toContain(text)
  expect([row, card].map((one) => one.findAll('button').length)).toEqual([1, 1])
  page.unmount()
}, LONG_MS)
