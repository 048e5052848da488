import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import { defineComponent } from 'vue'

import { useKeyExchanges } from '@/features/exchange_keys/useKeyExchanges'

const told = vi.hoisted(() => [
  { id: 'paper', takes_keys: true, has_passphrase: false },
  { id: 'kraken', takes_keys: false, has_passphrase: false },
  { id: 'new-one', takes_keys: true, has_passphrase: true },
])
vi.mock('@/api/generated', () => ({ listExchanges: () => Promise.resolve({ items: told, next: null }) }))

it('offers exchanges whose keys the API takes, and asks for a passphrase where it says so', async () => {
  vi.useFakeTimers()
  let seen: ReturnType<typeof useKeyExchanges>
  const page = mount(defineComponent({ setup: () => ((seen = useKeyExchanges()), () => null) }), { global: { plugins: [[VueQueryPlugin, { queryClient: new QueryClient() }]] } })
  expect([seen!.taken.value, seen!.hasPassphrase('new-one')]).toEqual([[], false])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(seen!.taken.value.map(({ id }) => id)).toEqual(['paper', 'new-one'])
  expect(['paper', 'kraken', 'new-one', 'elsewhere'].map(seen!.hasPassphrase)).toEqual([false, false, true, false])
  page.unmount()
  vi.useRealTimers()
})
