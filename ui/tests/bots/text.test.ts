import { beforeAll, expect, it } from 'vitest'

import { i18n, loadText } from '@/locales/i18n'

const { t } = i18n.global

beforeAll(() => loadText(['bot']))

it('counts one as one, and any other number as many', () => {
  const told = [0, 1, 2].map((count) => t('bot.pairs.trades', { count: `${count}` }, count))
  expect(told).toEqual(['0 trades', '1 trade', '2 trades'])
  expect([1, 3].map((count) => t('bot.configuration.changes', count))).toEqual(['1 change, not saved yet', '3 changes, not saved yet'])
  expect(t('bot.pairs.trades', { count: '1,200' }, 1200)).toBe('1,200 trades')
})
