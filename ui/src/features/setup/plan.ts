/** What a person chose in the set-up, before it is made. Pure: values in, values out. */
import type { BotResponse, PresetResponse, TemplateResponse } from '@/api/generated'
import { type Draft, emptyDraft, freeName, withTemplate } from '@/features/bots/create/draft'

/** In the place of a preset: rules stay what they are. */
export const AS_IT_IS = 'as-it-is'
/** Its losses are small: who wants more says so. */
const USUAL_PRESET = 'conservative'

/** A bot that there shall be. */
export interface FirstBot {
  /** Of the request that makes it, a new one for each time that it is asked for: sent again, it makes no second bot. */
  key: string
  draft: Draft
  /** Once it is made. */
  id: string | null
}

export interface Plan {
  exchange: string
  /** Name of a preset, or `AS_IT_IS`. */
  rules: string
  keepsDemo: boolean
  bots: FirstBot[]
  /** What came of the rules, once they were asked for. */
  rulesAre?: 'in-force' | 'refused'
  /** Whether it was asked to be made: from then on it only goes on. */
  begun: boolean
  /** Whether all of it was made: from then on it is only looked at. */
  made?: boolean
}

export interface Found {
  templates: readonly TemplateResponse[]
  presets: readonly Pick<PresetResponse, 'name'>[]
  /** This person's own. */
  bots: readonly BotResponse[]
  /** Version of the rules in force; 0 where nobody wrote any. */
  version: number
}

/** What is made where nobody says otherwise. */
export function usualPlan(found: Found): Plan {
  const usual = found.presets.find(({ name }) => name === USUAL_PRESET)?.name ?? AS_IT_IS
  const empty: Plan = { exchange: 'paper', rules: found.version > 0 ? AS_IT_IS : usual, keepsDemo: true, bots: [], begun: false }
  const [first] = found.templates
  return found.bots.length === 0 && first !== undefined ? withBot(empty, first, []) : empty
}

/** One more of this template, at the exchange that was chosen. */
export function withBot(plan: Plan, template: TemplateResponse, taken: readonly string[]): Plan {
  const own = plan.bots.map(({ draft }) => draft.name)
  const named = { ...emptyDraft(), name: freeName(template.name.replaceAll('_', '-'), [...taken, ...own]) }
  const draft = { ...withTemplate(named, template, taken), exchange: plan.exchange }
  return { ...plan, bots: [...plan.bots, { key: crypto.randomUUID(), draft, id: null }] }
}

export function withoutBot(plan: Plan, key: string): Plan {
  return { ...plan, bots: plan.bots.filter((bot) => bot.key !== key) }
}

export function withDraft(plan: Plan, key: string, draft: Draft): Plan {
  return { ...plan, bots: plan.bots.map((bot) => (bot.key === key ? { ...bot, draft } : bot)) }
}

export function withExchange(plan: Plan, exchange: string): Plan {
  return { ...plan, exchange, bots: plan.bots.map((bot) => (bot.id === null ? { ...bot, draft: { ...bot.draft, exchange } } : bot)) }
}

/** Asked to be made. What it asks for may differ from an earlier time, so the requests are other ones. */
export function asBegun(plan: Plan): Plan {
  return { ...plan, rulesAre: undefined, begun: true, bots: plan.bots.map((bot) => (bot.id === null ? { ...bot, key: crypto.randomUUID() } : bot)) }
}

/** Bots that the first start made, by the names that it gives. */
export function demoOf<B extends Pick<BotResponse, 'name' | 'template'>>(bots: readonly B[]): B[] {
  return bots.filter(({ name, template }) => name === `demo-${template.replaceAll('_', '-')}`)
}

/** The bot that this one would be, where it is there already: made just before the page was loaded anew, say. */
export function presentAs(bot: FirstBot, present: readonly BotResponse[]): BotResponse | null {
  return present.find(({ name, template }) => name === bot.draft.name.trim() && template === bot.draft.template) ?? null
}

/**
 * What of a plan that was kept still counts: loaded anew at the page that makes it, it goes on. Who comes by another way
 * starts nothing by coming: what was not made is there to be looked at again, and what was made is over.
 */
export function planOnEntry(kept: Plan | null, isStart: boolean): Plan | null {
  if (kept === null || isStart || !kept.begun) return kept
  return kept.made ? null : { ...kept, begun: false }
}

/** As it was kept over a load of the page; null where it is none. */
export function readPlan(kept: string | null): Plan | null {
  if (kept === null) return null
  try {
    const told = JSON.parse(kept) as Partial<Plan> | null
    return told !== null && Array.isArray(told.bots) && typeof told.exchange === 'string' && typeof told.rules === 'string' ? (told as Plan) : null
  } catch {
    return null
  }
}

export type Progress = 'waits' | 'comes' | 'runs' | 'trades' | 'failed'

/** How far a bot is, as the stream tells it; null before it does. */
export function progressOf(seen: { state: string; trader_state: string | null; open_trades: number } | null): Progress {
  if (seen === null) return 'waits'
  if (seen.state === 'failed' || seen.state === 'quarantined') return 'failed'
  if (seen.state !== 'running' || seen.trader_state !== 'running') return 'comes'
  return seen.open_trades > 0 ? 'trades' : 'runs'
}
