/** What may be chosen in the settings, as lists. */

/** Money that portfolios are commonly told in; another one may be typed. */
export const CURRENCIES = ['USDT', 'USDC', 'USD', 'EUR', 'GBP', 'CHF', 'JPY', 'AUD', 'CAD', 'BRL', 'TRY', 'BTC', 'ETH', 'BNB']

const LOCALES = [
  'en-US', 'en-GB', 'en-CA', 'en-AU', 'en-IN', 'de-DE', 'de-AT', 'de-CH', 'fr-FR', 'fr-CH', 'es-ES', 'es-MX', 'it-IT', 'pt-BR',
  'pt-PT', 'nl-NL', 'pl-PL', 'cs-CZ', 'sv-SE', 'da-DK', 'nb-NO', 'fi-FI', 'tr-TR', 'uk-UA', 'ru-RU', 'ja-JP', 'ko-KR', 'zh-CN', 'zh-TW', 'hi-IN',
]

/** Time zones of this browser, that of the universe first. */
export function timeZones(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]
}

/** Locales by their own names, in the order of those. `present` is among them. */
export function locales(present: string | null): { label: string; value: string }[] {
  const known = present === null || LOCALES.includes(present) ? LOCALES : [...LOCALES, present]
  return known.map((value) => ({ value, label: nameOf(value) })).sort((one, other) => one.label.localeCompare(other.label))
}

function nameOf(locale: string): string {
  try {
    return `${new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale} (${locale})`
  } catch {
    return locale
  }
}
