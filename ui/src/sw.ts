/// <reference lib="webworker" />
/**
 * The service worker: the page's own files for offline, and pushes. No answer of the API is kept here.
 */
import { clientsClaim } from 'workbox-core'
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'

declare const self: ServiceWorkerGlobalScope

interface Pushed {
  kind: string
  type: string
  title: string
  text: string
  bot_id: string | null
}

/** Paths that are not the page's. */
const OF_THE_API = [/^\/api(\/|$)/, /^\/docs(\/|$)/, /^\/openapi\.json$/, /^\/healthz$/, /^\/readyz$/, /^\/metrics$/]

void self.skipWaiting()
clientsClaim()
cleanupOutdatedCaches()
precacheAndRoute(self.__WB_MANIFEST)
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: OF_THE_API }))

self.addEventListener('push', (event) => {
  const pushed = (event.data?.json() ?? { kind: '', type: '', title: 'Flotilla', text: '', bot_id: null }) as Pushed
  event.waitUntil(
    self.registration.showNotification(pushed.title, {
      body: pushed.text,
      icon: '/icon-192.png',
      badge: '/icon-192.png',
      tag: `${pushed.kind}/${pushed.type}/${pushed.bot_id ?? ''}`,
      data: { path: pushed.bot_id === null ? '/' : `/bots/${pushed.bot_id}` },
    }),
  )
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const { path } = event.notification.data as { path: string }
  event.waitUntil(show(path))
})

/** In a window that is open, or else in a new one. */
async function show(path: string): Promise<void> {
  const [open] = await self.clients.matchAll({ type: 'window' })
  if (open === undefined) {
    await self.clients.openWindow(path)
    return
  }
  await open.focus().catch(() => undefined) // not every browser lets it come to the front; it goes there all the same
  open.postMessage({ type: 'open', path })
}
