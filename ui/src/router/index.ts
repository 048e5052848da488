import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteRecordRaw, START_LOCATION } from 'vue-router'

import { asProblem } from '@/api/problem'
import { isLost, loadAnew } from '@/components/lost'
import { useSession } from '@/features/auth/session'
import { leadsToSetup } from '@/features/setup/offer'
import { loadText } from '@/locales/i18n'
import { useStream } from '@/stream/stream'

declare module 'vue-router' {
  interface RouteMeta {
    /** Parts of the catalogue that the page needs. */
    text?: readonly string[]
    /** Without the frame, and without a sign-in. */
    bare?: boolean
    /** For administrators alone. */
    admin?: boolean
    /** What the page is called, a key of the catalogue. */
    title?: string
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'fleet', component: () => import('@/features/fleet/FleetPage.vue'), meta: { text: ['fleet'], title: 'common.nav.fleet' } },
  { path: '/portfolios/:user', name: 'portfolio', component: () => import('@/features/fleet/PortfolioPage.vue'), meta: { text: ['fleet'], title: 'common.nav.fleet' } },
  { path: '/bots/new', name: 'bot-new', component: () => import('@/features/bots/CreatePage.vue'), meta: { text: ['create'], title: 'common.nav.create' } },
  { path: '/bots/:id/:tab?', name: 'bot', component: () => import('@/features/bots/BotPage.vue'), meta: { text: ['bot'], title: 'common.nav.bot' } },
  { path: '/risk/:tab?', name: 'risk', component: () => import('@/features/risk/RiskPage.vue'), meta: { text: ['risk'], title: 'common.nav.risk' } },
  { path: '/wallets/:tab?', name: 'wallets', component: () => import('@/features/wallets/WalletsPage.vue'), meta: { text: ['wallets'], title: 'common.nav.wallets' } },
  { path: '/strategies/:id?/:tab?', name: 'strategies', component: () => import('@/features/strategies/StrategiesPage.vue'), meta: { text: ['strategies'], title: 'common.nav.strategies' } },
  { path: '/pools/:id?', name: 'pools', component: () => import('@/features/pools/PoolsPage.vue'), meta: { text: ['pools'], title: 'common.nav.pools', admin: true } },
  { path: '/users/:id?', name: 'users', component: () => import('@/features/users/UsersPage.vue'), meta: { text: ['users', 'settings'], title: 'common.nav.users', admin: true } },
  { path: '/audit', name: 'audit', component: () => import('@/features/audit/AuditPage.vue'), meta: { text: ['audit'], title: 'common.nav.audit' } },
  { path: '/settings/:tab?', name: 'settings', component: () => import('@/features/settings/SettingsPage.vue'), meta: { text: ['settings', 'auth'], title: 'common.nav.settings' } },
  { path: '/setup/:step?', name: 'setup', component: () => import('@/features/setup/SetupPage.vue'), meta: { text: ['setup', 'auth', 'settings', 'risk'], title: 'common.nav.setup' } },
  { path: '/sign-in', name: 'sign-in', component: () => import('@/features/auth/SignInPage.vue'), meta: { text: ['auth'], title: 'common.nav.signIn', bare: true } },
  { path: '/sign-in/return', name: 'sign-in-return', component: () => import('@/features/auth/ReturnPage.vue'), meta: { text: ['auth'], title: 'common.nav.signIn', bare: true } },
  { path: '/invitations', name: 'invitation', component: () => import('@/features/auth/InvitationPage.vue'), meta: { text: ['auth'], title: 'common.nav.invitation', bare: true } },
  { path: '/:pathMatch(.*)*', name: 'not-found', component: () => import('@/components/NotFoundPage.vue'), meta: { title: 'common.nav.notFound' } },
]

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.onError((error, to) => {
  if (isLost(error)) loadAnew(to.fullPath)
})

/** Begins to load a page's code and text while it is asked who is signed in. What fails is told when they are used. */
function fetchAhead(to: RouteLocationNormalized): void {
  const pages = to.matched.map(({ components }) => components?.default).filter((page) => typeof page === 'function')
  void Promise.allSettled([loadText(to.meta.text ?? []), ...pages.map((page) => (page as () => Promise<unknown>)())])
}

router.beforeEach(async (to, from) => {
  fetchAhead(to)
  if (to.meta.bare) return loadText(to.meta.text ?? []).then(() => true)
  const session = useSession()
  try {
    if (!(await session.resume())) return { name: 'sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
  } catch (error) {
    if (asProblem(error).code === 'password_change_required') return { name: 'sign-in', query: { to: to.fullPath, step: 'change' } }
    // No answer: the frame says so, shows what was last known, and goes on by itself.
    await loadText(to.meta.text ?? [])
    return true
  }
  if (session.me !== null) void useStream().start(session.me.id)
  await loadText(to.meta.text ?? [])
  if (to.meta.admin && !session.isAdmin) return { name: 'fleet' }
  const arrives = from === START_LOCATION || from.meta.bare === true
  if (to.name === 'fleet' && arrives && leadsToSetup(session.me)) return { name: 'setup' }
  return true
})
