import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'
import { createI18n } from 'vue-i18n'

const TEXT = join(import.meta.dirname, '../src/locales/en')
const PARTS = ['bot', 'common', 'create', 'pools', 'risk', 'setup', 'strategies', 'users']
const en = Object.fromEntries(PARTS.map((part) => [part, JSON.parse(readFileSync(join(TEXT, `${part}.json`), 'utf8')) as object]))
const { t } = createI18n({ legacy: false, locale: 'en', messages: { en } }).global as unknown as { t: (key: string, named: object, choice: number) => string }

it.each([
  ['bot.chart.label', (n: number) => ({ pair: 'BTC/USDT', price: '1', trades: n }), 'trade'],
  ['common.halt.confirmed', (n: number) => ({ mode: 'Halted', told: n, of: n }), 'bot'],
  ['create.basis.alike', (n: number) => ({ bots: n }), 'bot'],
  ['create.basis.all', (n: number) => ({ bots: n }), 'bot'],
  ['pools.ask.restartThen', (n: number) => ({ count: n }), 'bot'],
  ['pools.ask.rotateThen', (n: number) => ({ count: n }), 'bot'],
  ['pools.rollout.bots', (n: number) => ({ done: n, all: n }), 'bot'],
  ['risk.mode.confirmed', (n: number) => ({ told: n, of: n }), 'bot'],
  ['setup.start.running', (n: number) => ({ running: n, count: n }), 'bot'],
  ['strategies.roll.progress', (n: number) => ({ over: n, of: n }), 'bot'],
  ['users.filter.shown', (n: number) => ({ shown: n, all: n }), 'user'],
])('%s tells one as one', (key, told, noun) => {
  const [one, many] = [t(key, told(1), 1), t(key, told(7), 7)]
  expect(many).toMatch(new RegExp(`\\b7\\b.*\\b${noun}s\\b`))
  expect(one).not.toMatch(new RegExp(`\\b${noun}s\\b`))
  expect(one).not.toBe(many)
})
