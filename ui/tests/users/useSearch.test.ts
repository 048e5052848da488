import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, ref } from 'vue'

import type { MeResponse } from '@/api/generated'
import { useSession } from '@/features/auth/session'
import { useUserName, useUserSearch } from '@/features/users/useSearch'

const asked = vi.hoisted(() => [] as string[])
/** More users than any page holds: only who asks by name finds the last ones. */
const everybody = vi.hoisted(() => Array.from({ length: 900 }, (_, number) => ({ id: `user-${number}`, username: `trader${number}` })))
vi.mock('@/api/generated', async (real) => ({
  ...(await real<object>()),
  listUsers: ({ query }: { query: { search: string; limit: number } }) => {
    asked.push(query.search)
    return Promise.resolve({ items: everybody.filter(({ username }) => username.includes(query.search.toLowerCase())).slice(0, query.limit), next: null })
  },
  getUser: ({ path }: { path: { user_id: string } }) => {
    const found = everybody.find(({ id }) => id === path.user_id)
    return found ? Promise.resolve(found) : Promise.reject(new Error('not found'))
  },
}))

function within<T>(use: () => T): { it: T; leave: () => void } {
  let used: T
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const page = mount(defineComponent({ setup: () => ((used = use()), () => null) }), { global: { plugins: [[VueQueryPlugin, { queryClient: client }]] } })
  return { it: used!, leave: () => page.unmount() }
}

/** What is typed rests, and what is asked is answered. */
const settled = () => vi.advanceTimersByTimeAsync(1_000)

beforeEach(() => {
  vi.useFakeTimers()
  asked.length = 0
  setActivePinia(createPinia())
})
afterEach(() => vi.useRealTimers())

it('an administrator finds any user by a part of the name, wherever it is in the list', async () => {
  useSession().me = { id: 'user-0', username: 'trader0', role: 'admin' } as MeResponse
  const { it: search, leave } = within(useUserSearch)
  await settled()
  expect(search.found.value).toHaveLength(50)
  search.term.value = ' Trader899 '
  await settled()
  expect(search.found.value.map(({ id }) => id)).toEqual(['user-899'])
  expect(asked).toEqual(['', 'Trader899'])
  leave()
})

it('others are told themselves alone, and nothing is asked', async () => {
  useSession().me = { id: 'user-7', username: 'trader7', role: 'trader' } as MeResponse
  const { it: search, leave } = within(useUserSearch)
  await settled()
  expect(search.found.value.map(({ id }) => id)).toEqual(['user-7'])
  search.term.value = 'trader8'
  await settled()
  expect(search.found.value).toEqual([])
  expect(asked).toEqual([])
  leave()
})

it('an id that a link has gets its name, and stays an id where there is no such user', async () => {
  useSession().me = { id: 'user-0', username: 'trader0', role: 'admin' } as MeResponse
  const id = ref<string | undefined>('user-850')
  const { it: name, leave } = within(() => useUserName(id))
  await settled()
  expect(name.value).toBe('trader850')
  id.value = 'user-gone'
  await settled()
  expect(name.value).toBeUndefined()
  id.value = 'user-0'
  await settled()
  expect(name.value).toBe('trader0')
  leave()
})
