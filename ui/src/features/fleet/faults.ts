/** What is wrong with a bot, the gravest first. Pure: values in, values out. */
import type { BotPosition, BotRiskResponse, ConditionResponse } from '@/api/generated'

export type Level = 'error' | 'warning'

export interface Fault {
  /** Names the texts `fleet.fault.<kind>`, and the filter of the table. */
  kind: string
  level: Level
  message: string
}

/** Gravest first; of those that a bot has, the first is told. Condition types are spelled as in the API. */
export const FAULTS: readonly (readonly [kind: string, level: Level])[] = [
  ['TraderStopped', 'error'],
  ['Quarantined', 'error'],
  ['BootFailed', 'error'],
  ['Failed', 'error'],
  ['Blocked', 'error'],
  ['KeyUnusable', 'error'],
  ['SecretsNeeded', 'error'],
  ['TemplateBroken', 'error'],
  ['MemoryExceeded', 'error'],
  ['DiskExceeded', 'error'],
  ['CrashLooping', 'error'],
  ['Hung', 'error'],
  ['Fenced', 'error'],
  ['AgentUnreachable', 'error'],
  ['Unknown', 'error'],
  ['NoCapacity', 'error'],
  ['ExchangeUnreachable', 'warning'],
  ['NotReporting', 'warning'],
  ['Stale', 'warning'],
  ['ReportRefused', 'warning'],
  ['Locked', 'warning'],
  ['Ungoverned', 'warning'],
  ['Bound', 'warning'],
  ['GatewayUnreachable', 'warning'],
  ['Other', 'warning'],
]
const RANKS = new Map(FAULTS.map(([kind], rank) => [kind, rank]))
const LEVELS = new Map(FAULTS)
/** Conditions that come and go by themselves while something is done as it was asked for. */
const PASSING = new Set(['Flattening', 'Moving', 'Arriving'])
const OF_STATES: Readonly<Record<string, string>> = { quarantined: 'Quarantined', failed: 'Failed', unknown: 'Unknown' }

export function rankOf(kind: string): number {
  return RANKS.get(kind) ?? FAULTS.length
}

/** The gravest fault of a bot; null where there is none. `risk` is null where nothing is known of it. */
export function faultOf(bot: BotPosition, conditions: readonly ConditionResponse[], risk: BotRiskResponse | null): Fault | null {
  const found = conditions.filter(({ type }) => !PASSING.has(type)).map(({ type, message }) => fault(RANKS.has(type) ? type : 'Other', message))
  const ofState = OF_STATES[bot.state]
  if (ofState !== undefined) found.push(fault(ofState, ''))
  if (risk?.blocked) found.push(fault('Blocked', risk.blocked))
  if (bot.stale) found.push(fault('Stale', ''))
  if (risk !== null && isBound(risk)) found.push(fault('Bound', risk.problem ?? risk.why))
  return found.sort((one, other) => rankOf(one.kind) - rankOf(other.kind))[0] ?? null
}

/** More bound than it was ordered: it has no leave to open trades, or somebody wrote a flag file. */
function isBound({ ordered, in_force: inForce, problem }: BotRiskResponse): boolean {
  return problem !== null || (ordered === 'active' && inForce !== null && inForce !== 'active')
}

function fault(kind: string, message: string): Fault {
  return { kind, level: LEVELS.get(kind) ?? 'warning', message }
}
