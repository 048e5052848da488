import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'

import ReturnPage from '@/features/auth/ReturnPage.vue'
import { keepDestination } from '@/features/auth/ways'
import { i18n, loadText } from '@/locales/i18n'

const nothing = { render: () => null }

it('whoever a provider refused is told what to do, and gets to where he was going when he begins again', async () => {
  await loadText(['auth'])
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/sign-in', name: 'sign-in', component: nothing },
      { path: '/sign-in/return', component: nothing },
    ],
  })
  keepDestination('/settings/security')
  await router.push('/sign-in/return#act=sign-in&provider=acme&refused=not_allowed')
  const page = mount(ReturnPage, { global: { plugins: [router, i18n, createPinia()], stubs: { Icon: true, UIcon: true } } })
  await flushPromises()
  expect(page.get('[role=alert]').text()).toContain('ask an administrator for an invitation')
  expect(page.get('a[href^="/sign-in"]').attributes('href')).toBe('/sign-in?to=/settings/security')
}, 120_000)
