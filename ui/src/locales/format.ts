/**
 * Numbers, money and moments as the person reads them. Money comes as decimal strings and stays exact: Intl formats
 * strings without going through floating point.
 */
import { computed } from 'vue'

import { usePreferences } from './preferences'

type Decimal = string | number

const AUTOMATIC_DIGITS = { min: 2, max: 2 } as const
const ISO_CURRENCIES = new Set(['USD', 'EUR', 'GBP', 'JPY', 'CHF', 'AUD', 'CAD', 'CNY', 'BRL', 'TRY', 'INR', 'KRW', 'PLN'])

const cache = new Map<string, Intl.NumberFormat>()

function numberFormat(locale: string | undefined, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale}|${JSON.stringify(options)}`
  let made = cache.get(key)
  if (made === undefined) {
    made = new Intl.NumberFormat(locale, options)
    cache.set(key, made)
  }
  return made
}

/** Decimal digits that show a price of this size: four significant ones below 1, two at least above. */
export function priceDigits(value: Decimal): number {
  const size = Math.abs(Number(value))
  if (!Number.isFinite(size) || size === 0 || size >= 1000) return 2
  return size >= 1 ? 4 : Math.min(12, Math.ceil(-Math.log10(size)) + 4)
}

export function useFormat() {
  const preferences = usePreferences()
  const locale = computed(() => preferences.locale ?? undefined)
  const zone = computed(() => preferences.timeZone)

  function format(value: Decimal, options: Intl.NumberFormatOptions): string {
    return numberFormat(locale.value, options).format(value as Intl.StringNumericLiteral)
  }

  /** An amount with its currency: `1,234.50 USDT`, of national currencies with their symbol. */
  function money(value: Decimal | null | undefined, currency: string, options: { sign?: boolean } = {}): string {
    if (value === null || value === undefined) return '–'
    const digits = { minimumFractionDigits: AUTOMATIC_DIGITS.min, maximumFractionDigits: currency === 'BTC' || currency === 'ETH' ? 8 : AUTOMATIC_DIGITS.max }
    const signDisplay = options.sign ? ('exceptZero' as const) : ('auto' as const)
    if (ISO_CURRENCIES.has(currency)) return format(value, { style: 'currency', currency, signDisplay, ...digits })
    return `${format(value, { signDisplay, ...digits })} ${currency}`
  }

  /** A price with as many digits as its size wants. */
  function price(value: Decimal | null | undefined): string {
    if (value === null || value === undefined) return '–'
    const digits = priceDigits(value)
    return format(value, { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits })
  }

  /** A ratio in per cent: 0.0123 → `+1.23 %`. */
  function ratio(value: Decimal | null | undefined, options: { sign?: boolean; digits?: number } = {}): string {
    if (value === null || value === undefined) return '–'
    const digits = options.digits ?? 2
    const signDisplay = options.sign ? ('exceptZero' as const) : ('auto' as const)
    return format(value, { style: 'percent', signDisplay, minimumFractionDigits: digits, maximumFractionDigits: digits })
  }

  function count(value: Decimal | null | undefined, digits = 0): string {
    return value === null || value === undefined ? '–' : format(value, { maximumFractionDigits: digits })
  }

  /** Bytes as MB (10^6), as `ps` and the README tell them. */
  function memory(bytes: number | null | undefined): string {
    return bytes === null || bytes === undefined ? '–' : `${format(bytes / 1e6, { maximumFractionDigits: 0 })} MB`
  }

  /** A moment in the person's time zone. */
  function moment(at: string | number | Date | null | undefined, style: 'full' | 'time' | 'date' = 'full'): string {
    if (at === null || at === undefined) return '–'
    const time = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const
    const date = { year: 'numeric', month: 'short', day: '2-digit' } as const
    const parts = style === 'time' ? time : style === 'date' ? date : { ...date, ...time }
    return new Intl.DateTimeFormat(locale.value, { ...parts, timeZone: zone.value, hourCycle: 'h23' }).format(new Date(at))
  }

  /** A length of time in its two largest units: `3 h 05 min`. */
  function duration(seconds: number | null | undefined): string {
    if (seconds === null || seconds === undefined) return '–'
    const whole = Math.max(0, Math.round(seconds))
    if (whole < 60) return `${whole} s`
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
    if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`
    return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
  }

  return { money, price, ratio, count, memory, moment, duration, locale, zone }
}
