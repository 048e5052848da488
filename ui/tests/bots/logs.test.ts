import { describe, expect, it } from 'vitest'

import { filtered, joined, parseLine, type LogLine } from '@/features/bots/bot/logs'

describe('lines of a log', () => {
  const line = parseLine("2026-11-22 06:27:26,016 - freqtrade.worker - WARNING - Bot heartbeat. state='RUNNING'", 1)

  it('have a time, a logger and a level', () => {
    expect(line).toEqual({ number: 1, level: 'WARNING', logger: 'freqtrade.worker', at: '2026-11-22 06:27:26,016', text: "Bot heartbeat. state='RUNNING'" })
  })

  it('of a traceback are of the level of the line that it goes on with', () => {
    expect(parseLine('  File "x.py", line 3', 2, line)).toMatchObject({ level: 'WARNING', logger: null, at: null, text: '  File "x.py", line 3' })
    expect(parseLine('odd', 1).level).toBe('INFO')
  })

  it('are bounded, the newest stay', () => {
    const some = (from: number, count: number): LogLine[] => Array.from({ length: count }, (_, at) => parseLine('x', from + at))
    expect(joined(some(1, 3), some(4, 2), 4).map((one) => one.number)).toEqual([2, 3, 4, 5])
  })

  it('are filtered by level, and by words in text and logger', () => {
    const lines = [line, parseLine('2026-11-22 06:27:26,016 - freqtrade.rpc - ERROR - Lost', 2), parseLine('2026-11-22 06:27:26,016 - a - DEBUG - lost', 3)]
    expect(filtered(lines, 'INFO', '').map((one) => one.number)).toEqual([1, 2])
    expect(filtered(lines, 'DEBUG', ' LOST ').map((one) => one.number)).toEqual([2, 3])
    expect(filtered(lines, 'WARNING', 'rpc').map((one) => one.number)).toEqual([2])
  })
})
