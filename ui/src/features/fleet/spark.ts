/** A series as the path of a small drawing. Pure. */
import type { Sparkline } from '@/api/generated'

export interface Spark {
  path: string
  /** Where the first value is, in the drawing's units from the top. */
  zero: number
  /** Whether the last value is no lower than the first. */
  rises: boolean
}

/** Null where fewer than two values are known. Gaps are left out, not drawn over; a flat line is in the middle. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): Spark | null {
  const known = values.filter((value) => value !== null)
  const [first, last] = [known[0], known.at(-1)]
  if (first === undefined || last === undefined || known.length < 2) return null
  const low = Math.min(...known)
  const span = Math.max(...known) - low
  const y = (value: number) => round(span === 0 ? height / 2 : 1 + (1 - (value - low) / span) * (height - 2))
  let path = ''
  let broken = true
  values.forEach((value, place) => {
    if (value !== null) path += `${broken ? 'M' : 'L'}${round((place / (values.length - 1)) * width)} ${y(value)}`
    broken = value === null
  })
  return { path, zero: y(first), rises: last >= first }
}

/** What is drawn for each bot, by its id. */
export function sparksOf(items: readonly Pick<Sparkline, 'bot_id' | 'profit'>[]): ReadonlyMap<string, readonly (number | null)[]> {
  return new Map(items.map(({ bot_id: id, profit }) => [id, profit.map((value) => (value === null ? null : Number(value)))]))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
