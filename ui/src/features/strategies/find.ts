import type { StrategyResponse } from '@/api/generated'

export const WHOSE = ['all', 'own', 'shared'] as const
export type Whose = (typeof WHOSE)[number]
export const CHECKS = ['all', 'passed', 'failed', 'waiting'] as const
export type CheckState = (typeof CHECKS)[number]

/** Those that a search means: every word of it is in the name, the class, a tag or the note. Newest change first. Pure. */
export function found(all: readonly StrategyResponse[], me: string, wanted: { term: string; whose: Whose; check: CheckState }): StrategyResponse[] {
  const words = wanted.term.toLowerCase().split(/\s+/).filter(Boolean)
  return all
    .filter((one) => wanted.whose === 'all' || (wanted.whose === 'own') === (one.owner_id === me))
    .filter((one) => wanted.check === 'all' || one.head.check.state === wanted.check)
    .filter((one) => {
      const text = [one.name, one.head.class_name, one.head.note, ...one.head.tags].join('\n').toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .sort((one, other) => other.updated_at.localeCompare(one.updated_at))
}

export function oneOf<T extends string>(all: readonly T[], told: string): T {
  return all.find((one) => one === told) ?? all[0]!
}
