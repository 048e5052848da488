/** What of the page stands in its address: filters, order, range. Pure. */
import type { LocationQuery, LocationQueryRaw } from 'vue-router'

import { DESCENDING_FIRST, type Filter, SORT_KEYS, type SortKey } from './rows'

export const RANGES = ['1h', '24h', '7d', '30d', 'all'] as const
export type Range = (typeof RANGES)[number]
export const STATES = ['running', 'paused', 'stopped', 'pending', 'starting', 'stopping', 'failed', 'quarantined', 'unknown'] as const

export interface View extends Filter {
  sort: SortKey
  descending: boolean
  range: Range
  /** Whose curve, exposure and allocation are shown; empty: whichever is in use, live first. */
  chart: '' | 'dry' | 'live'
}

export function readView(query: LocationQuery, range: Range): View {
  const one = (name: string) => {
    const value = query[name]
    return (Array.isArray(value) ? value[0] : value) ?? ''
  }
  const sort = one('sort')
  const key = among(SORT_KEYS, sort.replace(/^-/, ''), 'need')
  return {
    text: one('q'),
    state: among(STATES, one('state'), ''),
    book: among(['dry', 'live'], one('book'), ''),
    need: one('need'),
    sort: key,
    descending: sort.startsWith('-'),
    range: among(RANGES, one('range'), range),
    chart: among(['dry', 'live'], one('chart'), ''),
  }
}

/** The query that reads back as this; what is as it is without one is left out. */
export function writeView(view: View, range: Range): LocationQueryRaw {
  const sort = `${view.descending ? '-' : ''}${view.sort}`
  const all = {
    q: view.text,
    state: view.state,
    book: view.book,
    need: view.need,
    sort: sort === 'need' ? '' : sort,
    range: view.range === range ? '' : view.range,
    chart: view.chart,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
}

/** The order after a click on a column's head: the same column the other way round, another as people expect it. */
export function turned(view: View, key: SortKey): Pick<View, 'sort' | 'descending'> {
  return { sort: key, descending: view.sort === key ? !view.descending : DESCENDING_FIRST.has(key) }
}

function among<T extends string, E extends string>(all: readonly T[], value: string, otherwise: E): T | E {
  return (all as readonly string[]).includes(value) ? (value as T) : otherwise
}
