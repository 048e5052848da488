/** Which columns fit. Pure. */
import type { SortKey } from './rows'

export interface Column {
  key: 'select' | 'name' | 'state' | 'profit' | 'today' | 'trades' | 'spark' | 'equity' | 'memory' | 'policy' | 'act'
  /** Of the grid. */
  width: string
  /** The table's width in px from which it is shown. */
  from: number
  sort: SortKey | null
  end?: boolean
}

/** A table narrower than this is made of cards. */
export const CARDS_BELOW = 640

const COLUMNS: readonly Column[] = [
  { key: 'select', width: '2.5rem', from: 0, sort: null },
  { key: 'name', width: 'minmax(10rem, 2fr)', from: 0, sort: 'name' },
  { key: 'state', width: 'minmax(8.5rem, 1fr)', from: 0, sort: 'state' },
  { key: 'profit', width: 'minmax(8rem, 1fr)', from: 0, sort: 'profit', end: true },
  { key: 'today', width: 'minmax(7rem, 1fr)', from: 760, sort: 'today', end: true },
  { key: 'trades', width: '4.5rem', from: 0, sort: 'trades', end: true },
  { key: 'spark', width: '7rem', from: 860, sort: null },
  { key: 'equity', width: 'minmax(8rem, 1fr)', from: 1120, sort: 'equity', end: true },
  { key: 'memory', width: '5.5rem', from: 980, sort: 'memory', end: true },
  { key: 'policy', width: '7rem', from: 1040, sort: 'policy' },
  { key: 'act', width: '3rem', from: 0, sort: null },
]

/** Those that fit into this width; without `acting` the ones that act are left out. */
export function columnsFor(width: number, acting: boolean): Column[] {
  return COLUMNS.filter(({ key, from }) => from <= width && (acting || (key !== 'select' && key !== 'act')))
}

export function gridOf(columns: readonly Column[]): string {
  return columns.map(({ width }) => width).join(' ')
}

/** Versions of default and override out of `<default>.<override>.<guardrails>`. */
export function policyOf(label: string): { kind: 'unknown' | 'builtIn' | 'default' | 'own'; version: number } {
  const [standard, own] = label.split('.').map(Number)
  if (standard === undefined || own === undefined || Number.isNaN(standard) || Number.isNaN(own)) return { kind: 'unknown', version: 0 }
  if (own > 0) return { kind: 'own', version: own }
  return standard > 0 ? { kind: 'default', version: standard } : { kind: 'builtIn', version: 0 }
}
