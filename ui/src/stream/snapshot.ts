/** The last portfolio of the user, kept in the browser so that it can be read offline. Gone at sign-out. */
import type { Portfolio } from '@/api/generated'

const NAME = 'flotilla-last-state'
const EVERY_MS = 10_000
let keptAt = 0

export interface Snapshot {
  user: string
  at: number
  portfolio: Portfolio
}

/** Keeps it, at most every ten seconds. A browser without storage keeps nothing. */
export async function keepSnapshot(user: string, portfolio: Portfolio, at: number): Promise<void> {
  if (at - keptAt < EVERY_MS || !('caches' in globalThis)) return
  keptAt = at
  try {
    const cache = await caches.open(NAME)
    await cache.put(`/${NAME}`, new Response(JSON.stringify({ user, at, portfolio } satisfies Snapshot)))
  } catch {
    // No storage (private window, quota): the page works without it.
  }
}

/** What was kept for this user; for anybody with null. */
export async function readSnapshot(user: string | null): Promise<Snapshot | null> {
  if (!('caches' in globalThis)) return null
  try {
    const found = await (await caches.open(NAME)).match(`/${NAME}`)
    const kept = found === undefined ? null : ((await found.json()) as Snapshot)
    return kept !== null && (user === null || kept.user === user) ? kept : null
  } catch {
    return null
  }
}

export async function forgetSnapshot(): Promise<void> {
  keptAt = 0
  if ('caches' in globalThis) await caches.delete(NAME)
}
