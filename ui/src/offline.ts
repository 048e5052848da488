/** The service worker, where the browser has one: only over HTTPS and on loopback. */
import type { Router } from 'vue-router'

export function install(router: Router): void {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return
  navigator.serviceWorker.addEventListener('message', (event: MessageEvent<{ type?: string; path?: string }>) => {
    if (event.data.type === 'open' && typeof event.data.path === 'string') void router.push(event.data.path)
  })
  // The page works without it; a browser that forbids it says so where pushes are set up.
  window.addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined))
}
