/** Values of a document as a field shows them, and what was typed as the document has it. Pure. */
import type { Kind } from './nodes'
import { decimalOf, percentOf, ratioOf, textOf, wholeOf } from './units'

const WHOLE: ReadonlySet<Kind> = new Set(['whole', 'minutes', 'hours'])
const DECIMAL: ReadonlySet<Kind> = new Set(['decimal', 'multiple'])

export function shownOf(kind: Kind, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (kind === 'ratio') return percentOf(value)
  if (kind === 'time') return String(value).replace(/^(\d\d:\d\d):00$/, '$1')
  return WHOLE.has(kind) || DECIMAL.has(kind) ? textOf(value) : String(value)
}

export function writtenOf(kind: Kind, typed: string): string | number {
  if (kind === 'ratio') return ratioOf(typed)
  if (WHOLE.has(kind)) return wholeOf(typed)
  if (DECIMAL.has(kind)) return decimalOf(typed)
  if (kind === 'time') return typed.replace(/^(\d\d:\d\d)$/, '$1:00')
  return typed.trim()
}
