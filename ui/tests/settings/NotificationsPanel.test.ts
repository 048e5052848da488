import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { expect, it, vi } from 'vitest'

import NotificationsPanel from '@/features/settings/NotificationsPanel.vue'
import { i18n, loadText } from '@/locales/i18n'

const PATIENCE = { timeout: 50_000 }
const made = vi.hoisted(() => ({ calls: 0 }))
vi.mock('@/api/generated', async (real) => ({
  ...(await real<object>()),
  getPushKey: () => Promise.resolve({ key: 'AAAA', kinds: ['halts'] }),
  listPushSubscriptions: () => Promise.resolve({ items: [] }),
  createPushSubscription: () => Promise.resolve((made.calls += 1)),
}))
vi.mock('@/features/settings/push', async (real) => ({
  ...(await real<object>()),
  hindranceOf: () => null,
  ownSubscription: () => Promise.resolve(null),
  lookAround: () => Promise.resolve({}),
  subscribe: () => Promise.reject(new DOMException('Registration failed - push service error', 'AbortError')),
}))

it('a browser that does not subscribe is told of with what to do, and nothing is kept of it', async () => {
  await loadText(['settings'])
  vi.stubGlobal('Notification', { requestPermission: () => Promise.resolve('granted') })
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const page = mount(NotificationsPanel, { global: { plugins: [i18n, createPinia(), [VueQueryPlugin, { queryClient }]], stubs: { QuietHours: true, Icon: true, UIcon: true } } })
  await vi.waitFor(() => page.get('[data-testid=push-on]'), PATIENCE)
  await page.get('form').trigger('submit')
  await vi.waitFor(() => page.get('[data-testid=push-failed]'), PATIENCE)
  const told = page.get('[data-testid=push-failed]').text()
  expect(told).toContain('reaches the internet')
  expect(told).toContain('push service error')
  expect(made.calls).toBe(0)
}, 120_000)
