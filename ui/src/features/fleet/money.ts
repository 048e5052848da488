/** Amounts as the API tells them, decimal strings without exponent: exact, since they are money. */

/** One amount less another. */
export function difference(one: string, other: string): string {
  const digits = Math.max(fraction(one).length, fraction(other).length)
  const result = scaled(one, digits) - scaled(other, digits)
  const figures = (result < 0n ? -result : result).toString().padStart(digits + 1, '0')
  const whole = figures.slice(0, figures.length - digits)
  return `${result < 0n ? '-' : ''}${whole}${digits > 0 ? `.${figures.slice(-digits)}` : ''}`
}

/** A part of a whole as a ratio; 0 of nothing. */
export function share(part: string, whole: string): number {
  const of = Number(whole)
  return of === 0 ? 0 : Number(part) / of
}

function fraction(amount: string): string {
  return amount.split('.')[1] ?? ''
}

function scaled(amount: string, digits: number): bigint {
  return BigInt(amount.split('.')[0] + fraction(amount).padEnd(digits, '0'))
}
