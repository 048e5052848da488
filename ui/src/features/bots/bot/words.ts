/** Levels and reasons in words. */
import type { LevelLine } from './levels'

type Text = (key: string, values?: Record<string, unknown>) => string
type Ratio = (value: number, options: { digits: number }) => string

/** The universal rules that the catalogue names. */
const RULES = new Set(['hard_stop', 'trailing_stop', 'break_even', 'time_exit', 'take_profit', 'emergency', 'loss_limits'])

export function ruleText(rule: string, t: Text): string {
  return RULES.has(rule) ? t(`bot.rule.${rule}`) : rule.replaceAll('_', ' ')
}

export function levelText(line: LevelLine, t: Text, ratio: Ratio): string {
  if (line.kind === 'stop') return t('bot.level.stop', { rule: line.rule === null ? t('bot.rule.strategy') : ruleText(line.rule, t) })
  if (line.kind !== 'ladder') return t(`bot.level.${line.kind}`)
  const level = line.level ?? ''
  return line.fraction === null ? t('bot.level.ladderRest', { level }) : t('bot.level.ladder', { level, share: ratio(line.fraction, { digits: 0 }) })
}

/** FreqTrade's reason of an exit; of a universal rule `flotilla:<rule>[:<level>]`. */
export function reasonText(reason: string | null, t: Text): string {
  if (reason === null) return ''
  const [, rule, level] = /^flotilla:([a-z_]+)(?::(\w+))?/.exec(reason) ?? []
  if (rule === undefined) return reason.replaceAll('_', ' ')
  return level === undefined ? ruleText(rule, t) : `${ruleText(rule, t)} ${level}`
}
