/** Which users the list shows: narrowed by the URL. Pure. */
import { listUsers } from '@/api/generated'
import type { UserOverview } from '@/api/generated'

export const ROLES = ['admin', 'trader', 'viewer'] as const
export type Role = (typeof ROLES)[number]
export const STATES = ['active', 'deactivated'] as const
export const FACTORS = ['with', 'without'] as const
export const FILTERS = ['q', 'role', 'state', 'factor'] as const
export type Filters = Partial<Record<(typeof FILTERS)[number], string>>
type Told = Pick<UserOverview, 'username' | 'role' | 'deactivated_at' | 'second_factors'>

const PAGE = 200

/** All there are: a page holds 200, and administrators look for one among all. */
export async function everyone(signal: AbortSignal): Promise<UserOverview[]> {
  const found: UserOverview[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof listUsers>> = await listUsers({ query: { limit: PAGE, after }, signal })
    found.push(...page.items)
    after = page.next
  } while (after !== null)
  return found
}

/** What a query of the URL says; what is empty, or told twice, says nothing. */
export function filtersOf(query: Record<string, unknown>): Filters {
  const told = FILTERS.map((name) => [name, query[name]] as const)
  return Object.fromEntries(told.filter(([, value]) => typeof value === 'string' && value !== '')) as Filters
}

/** Those that all filters let through; one that has an unknown value lets nobody through. */
export function narrowed<T extends Told>(users: readonly T[], filters: Filters): T[] {
  const part = filters.q?.trim().toLowerCase() ?? ''
  return users.filter(
    (user) =>
      user.username.includes(part) &&
      (filters.role === undefined || user.role === filters.role) &&
      (filters.state === undefined || filters.state === stateOf(user)) &&
      (filters.factor === undefined || filters.factor === factorOf(user)),
  )
}

export function stateOf(user: Pick<Told, 'deactivated_at'>): (typeof STATES)[number] {
  return user.deactivated_at === null ? 'active' : 'deactivated'
}

function factorOf(user: Pick<Told, 'second_factors'>): (typeof FACTORS)[number] {
  return user.second_factors.length > 0 ? 'with' : 'without'
}

export function nameIn(users: readonly { id: string; username: string }[], id: string): string | undefined {
  return users.find((user) => user.id === id)?.username
}

/** The link of an invitation. Its token is in the fragment, which browsers send nowhere. */
export function invitationLink(origin: string, token: string): string {
  return `${origin}/invitations#${token}`
}

const MB = 1_000_000

/** A quota as it is typed: a whole number, or nothing for what the settings say; undefined: no such number. Memory is in MB. */
export function quotaOf(typed: string, unit: 'bots' | 'memory'): number | null | undefined {
  const written = typed.trim()
  if (written === '') return null
  return /^\d{1,12}$/.test(written) ? Number(written) * (unit === 'memory' ? MB : 1) : undefined
}

export function typedQuota(quota: number | null, unit: 'bots' | 'memory'): string {
  return quota === null ? '' : String(unit === 'memory' ? Math.round(quota / MB) : quota)
}
