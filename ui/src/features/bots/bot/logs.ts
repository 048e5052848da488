/** Lines of a bot's log: `2026-11-22 06:29:26,036 - freqtrade.worker - INFO - text`. Pure. */
export type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL'
export const LEVELS: readonly Level[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']

export interface LogLine {
  /** Counts up as lines come. */
  number: number
  level: Level
  /** Null of a line that goes on with the one before it. */
  logger: string | null
  at: string | null
  text: string
}

const FORM = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:,\d+)?) - (\S+) - (DEBUG|INFO|WARNING|ERROR|CRITICAL) - (.*)$/s

/** What goes on with the line before it (a traceback) has that line's level. */
export function parseLine(raw: string, number: number, before?: LogLine): LogLine {
  const [, at, logger, level, text] = FORM.exec(raw) ?? []
  if (text === undefined) return { number, level: before?.level ?? 'INFO', logger: null, at: null, text: raw }
  return { number, level: level as Level, logger: logger!, at: at!, text }
}

/** The last `most` of both. */
export function joined(lines: readonly LogLine[], fresh: readonly LogLine[], most: number): LogLine[] {
  return [...lines, ...fresh].slice(-most)
}

export function filtered(lines: readonly LogLine[], least: Level, words: string): LogLine[] {
  const rank = LEVELS.indexOf(least)
  const wanted = words.trim().toLowerCase()
  return lines.filter(
    (line) => LEVELS.indexOf(line.level) >= rank && (wanted === '' || `${line.logger ?? ''} ${line.text}`.toLowerCase().includes(wanted)),
  )
}
