/** How long an API token is good, as it is chosen. */
export const LIFETIMES = ['30', '90', '365', 'none'] as const
export type Lifetime = (typeof LIFETIMES)[number]

const DAY_MS = 86_400_000

/** The end of one that is made at `now` (ms since the epoch), as the API takes it; null: none. */
export function expiryOf(lifetime: Lifetime, now: number): string | null {
  return lifetime === 'none' ? null : inDays(Number(lifetime), now)
}

export function inDays(days: number, now: number): string {
  return new Date(now + days * DAY_MS).toISOString()
}

/** Whether it ends within a week, or has. */
export function endsSoon(expiresAt: string | null, now: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) - now < 7 * DAY_MS
}

/** What a reach of `scope` is told as: each scope has those before it. */
export function scopesUpTo(scope: 'read' | 'trade' | 'admin'): ('read' | 'trade' | 'admin')[] {
  const all = ['read', 'trade', 'admin'] as const
  return all.slice(0, all.indexOf(scope) + 1)
}
