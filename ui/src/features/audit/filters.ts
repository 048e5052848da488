/** What the URL of the audit narrows it by, as the API wants it. Pure. */
export const FILTERS = ['subject', 'actor', 'action', 'tenant', 'from', 'to'] as const
export type Filters = Partial<Record<(typeof FILTERS)[number], string>>

/** `from` and `to` are days (`2026-11-21`), both of them in it, in the time zone of the browser. */
export function queryOf({ from, to, ...rest }: Filters): Omit<Filters, 'from' | 'to'> & { since?: string; until?: string } {
  const [since, until] = [beginOf(from), beginOf(to, 1)]
  return { ...rest, ...(since === null ? {} : { since }), ...(until === null ? {} : { until }) }
}

/** When a day begins, or the one so many days later; null where it is none. */
function beginOf(day: string | undefined, later = 0): string | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day ?? '')
  if (found === null) return null
  const [year, month, date] = found.slice(1).map(Number) as [number, number, number]
  const isReal = new Date(year, month - 1, date).getDate() === date
  return isReal ? new Date(year, month - 1, date + later).toISOString() : null
}

export interface Item {
  value: string
  label: string
}

/** What a menu offers: of those at hand the ones with `term` in their label, and what is chosen, so that it has its name. */
export function offered(items: readonly Item[], term: string, chosen: Item | null): Item[] {
  const part = term.trim().toLowerCase()
  const found = items.filter(({ label }) => label.toLowerCase().includes(part))
  if (chosen === null || found.some(({ value }) => value === chosen.value)) return found
  return [...found, items.find(({ value }) => value === chosen.value) ?? chosen]
}
