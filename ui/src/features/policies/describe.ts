/** Paths and values of documents in words, for diffs, refusals and what is in force. */
import { useI18n } from 'vue-i18n'

import { useFormat } from '@/locales/format'

import { nodeAt, type Node } from './nodes'
import { percentOf, textOf } from './units'

export function useDescribe(nodes: () => Node[]) {
  const { t } = useI18n()
  const { count, duration, ratio } = useFormat()

  /** `take_profit.levels.0.profit` → `Take-profit ladder › Level 1 › At a profit of`. */
  function label(path: string): string {
    const names = path.split('.')
    const told = names.map((name, place) => {
      const found = nodeAt(nodes(), names.slice(0, place + 1))
      if (found === null) return name
      if (/^\d+$/.test(name) && found.node.is === 'list') return t(`risk.policy.${found.words}.entry`, { number: Number(name) + 1 })
      return t(`risk.policy.${found.words}.label`)
    })
    return told.filter((one, place) => one !== told[place - 1]).join(' › ')
  }

  function value(path: string, told: unknown): string {
    if (told === undefined || told === null) return t('risk.policy.none')
    if (told === 'off' || (Array.isArray(told) && told.length === 0)) return t('risk.policy.state.off')
    const found = nodeAt(nodes(), path.split('.'))
    if (found?.node.is !== 'leaf') return typeof told === 'string' ? told : JSON.stringify(told)
    switch (found.node.kind) {
      case 'ratio':
        return `${count(percentOf(told), 12)} %`
      case 'minutes':
        return duration(Number(told) * 60)
      case 'hours':
        return duration(Number(told) * 3600)
      case 'multiple':
        return `${textOf(told)} × ATR`
      case 'choice':
        return t(`risk.policy.${found.words}.options.${String(told)}`)
      case 'days':
        return (told as string[]).map((day) => t(`risk.days.${day}`)).join(', ')
      default:
        return textOf(told)
    }
  }

  /** What a rule is called that an action, a stop or a limit names by its path. */
  function rule(name: string): string {
    const loss = /^loss_limits\.(\w+)\.(\w+)\.(\w+)$/.exec(name)
    if (loss !== null) {
      const [, scope, window, response] = loss
      return t('risk.loss', {
        scope: t(`risk.policy.loss_limits.scope.options.${scope}`),
        window: t(`risk.policy.loss_limits.window.options.${window}`),
        response: t(`risk.policy.responding.response.options.${response}`),
      })
    }
    return nodeAt(nodes(), name.split('.')) === null ? name.replaceAll('_', ' ') : label(name)
  }

  /** How much of a limit is used, or allowed: trades are counted, all others are shares. */
  function use(limit: string, amount: string | null): string {
    if (amount === null) return t('risk.gauge.unknown')
    return limit.endsWith('_trades') ? count(amount) : ratio(amount, { digits: 1 })
  }

  return { label, value, rule, use }
}
