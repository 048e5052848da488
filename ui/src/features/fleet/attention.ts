/** What a person should look at first. Pure: values in, values out. */
import type { FindingsFindingResponse, HaltResponse } from '@/api/generated'
import type { AlertTold } from '@/stream/stream'

import { FAULTS, type Level, rankOf } from './faults'
import type { Row } from './rows'

export interface Named {
  id: string | null
  name: string
  message: string
}

/** One thing to look at; what is the same of many bots is one. */
export interface Item {
  key: string
  /** Names the texts `fleet.attention.<group>`, or for `fault` `fleet.fault.<kind>`. */
  group: 'halt' | 'fault' | 'findings' | 'alert' | 'refused'
  kind: string
  level: Level
  count: number
  /** The first of them. */
  examples: Named[]
  to: string
  /** Of the newest, ms since the epoch; what a person puts away is what is no newer. Null: stays until it is mended. */
  at: number | null
}

export type Alert = AlertTold & { at: number }

const EXAMPLES = 3
const REFUSED = 'entry_refused'
const KNOWN = new Set(FAULTS.map(([kind]) => kind))

export interface Facts {
  rows: readonly Row[]
  halts: readonly HaltResponse[]
  findings: readonly FindingsFindingResponse[]
  alerts: readonly Alert[]
  /** Alerts up to then were put away, ms since the epoch. */
  seenAt: number
}

/** Gravest first: halts, what is wrong with bots, findings, alerts. */
export function attention({ rows, halts, findings, alerts, seenAt }: Facts): Item[] {
  const names = new Map(rows.map((row) => [row.id, row.name]))
  const items = [...ofHalts(halts, names), ...ofFaults(rows), ...ofFindings(findings, names), ...ofAlerts(alerts.filter(({ at }) => at > seenAt))]
  const grave = (item: Item) => (item.level === 'error' ? 0 : 1)
  return items.sort((one, other) => grave(one) - grave(other))
}

function ofHalts(halts: readonly HaltResponse[], names: ReadonlyMap<string, string>): Item[] {
  const binding = halts.filter(({ released_at: released }) => released === null)
  return [...groups(binding, ({ scope, mode }) => `${scope}.${mode}`)].map(([kind, some]) => ({
    key: `halt.${kind}`,
    group: 'halt' as const,
    kind: kind.replace('.', '_'),
    level: kind.endsWith('halted') ? ('error' as const) : ('warning' as const),
    count: some.length,
    examples: some.slice(0, EXAMPLES).map(({ scope, subject, why }) => ({
      id: scope === 'bot' ? subject : null,
      name: names.get(subject) ?? '',
      message: why,
    })),
    to: '/risk',
    at: null,
  }))
}

function ofFaults(rows: readonly Row[]): Item[] {
  const faulty = [...groups(rows.filter((row) => row.fault !== ''), (row) => row.fault)].sort(([one], [other]) => rankOf(one) - rankOf(other))
  return faulty.map(([kind, some]) => ({
    key: `fault.${kind}`,
    group: 'fault' as const,
    kind,
    level: some[0]?.level === 'error' ? ('error' as const) : ('warning' as const),
    count: some.length,
    examples: some.slice(0, EXAMPLES).map(({ id, name, message }) => ({ id, name, message })),
    to: some.length === 1 ? `/bots/${some[0]?.id}` : `/?need=${kind}#bots`,
    at: null,
  }))
}

function ofFindings(findings: readonly FindingsFindingResponse[], names: ReadonlyMap<string, string>): Item[] {
  const open = findings.filter(({ state }) => state === 'open')
  if (open.length === 0) return []
  const examples = open.slice(0, EXAMPLES).map((finding) => ({ id: null, name: names.get(finding.bot_id ?? '') ?? finding.subject, message: finding.message }))
  return [{ key: 'findings', group: 'findings', kind: 'open', level: 'error', count: open.length, examples, to: '/wallets/findings', at: null }]
}

/** Those that say more than the table does: what is wrong with a bot is told as long as it is, and no longer. */
function ofAlerts(alerts: readonly Alert[]): Item[] {
  const telling = alerts.filter(({ type }) => !KNOWN.has(type))
  return [...groups(telling, ({ type, bot_id: bot }) => (type === REFUSED ? REFUSED : `${type}.${bot ?? ''}`))].map(([key, some]) => {
    const newest = some.reduce((latest, alert) => (alert.at > latest.at ? alert : latest))
    const refused = newest.type === REFUSED
    return {
      key: `alert.${key}`,
      group: refused ? ('refused' as const) : ('alert' as const),
      kind: newest.type,
      level: 'warning' as const,
      count: some.length,
      examples: [newest].map(({ bot_id: id, name, message }) => ({ id: id || null, name, message })),
      to: refused || !newest.bot_id ? '/risk/actions' : `/bots/${newest.bot_id}`,
      at: newest.at,
    }
  })
}

function groups<T>(all: readonly T[], by: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>()
  for (const one of all) {
    const key = by(one)
    const some = found.get(key)
    if (some === undefined) found.set(key, [one])
    else some.push(one)
  }
  return found
}
