/**
 * Numbers between a document and a form. The API has ratios as decimal strings; people read and write per cent. All of
 * it is exact: no floating point. What is no number stays as it was written, so that the API can say so at the field.
 */
import Decimal from 'decimal.js-light'

const Exact = Decimal.clone({ precision: 100, toExpNeg: -100, toExpPos: 100 })
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)$/

/** What a person typed as the API writes decimals: a comma is a point, no needless zeros. Null where it is no number. */
export function plainDecimal(text: string): string | null {
  const tidy = text.trim().replace(',', '.')
  return NUMBER.test(tidy) ? digits(new Exact(tidy.replace(/^\+/, '').replace(/^(-?)\./, '$10.').replace(/\.$/, ''))) : null
}

/** `0.0125` → `1.25`. */
export function percentOf(ratio: unknown): string {
  const number = numberOf(ratio)
  return number === null ? textOf(ratio) : digits(number.times(100))
}

/** `1.25` → `0.0125`; what is no number as it is. */
export function ratioOf(percent: string): string {
  const number = plainDecimal(percent)
  return number === null ? percent.trim() : digits(new Exact(number).div(100))
}

/** A number of the document as it stands in a field. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  const number = numberOf(value)
  return number === null ? String(value) : digits(number)
}

/** A decimal of the document of what was typed. */
export function decimalOf(text: string): string {
  return plainDecimal(text) ?? text.trim()
}

/** A whole number of the document of what was typed. */
export function wholeOf(text: string): number | string {
  const tidy = text.trim()
  return /^-?\d{1,15}$/.test(tidy) ? Number(tidy) : tidy
}

/** Whether both say the same: as numbers where both are, `0.10` and `0.1` are one. */
export function isSame(one: unknown, other: unknown): boolean {
  const [left, right] = [numberOf(one), numberOf(other)]
  if (left !== null && right !== null) return left.eq(right)
  return JSON.stringify(one) === JSON.stringify(other)
}

function numberOf(value: unknown): Decimal | null {
  if (typeof value === 'number') return Number.isFinite(value) ? new Exact(value) : null
  return typeof value === 'string' && NUMBER.test(value) ? new Exact(plainDecimal(value) ?? '0') : null
}

function digits(number: Decimal): string {
  const text = number.toFixed()
  return text === '-0' ? '0' : text
}
