/**
 * All text of the portal is in `locales/<language>/<part>.json`, a part for each feature. `common` is there from the
 * start; a page's part is loaded with the page (`meta.text` of its route).
 */
import { createI18n } from 'vue-i18n'

import common from './en/common.json'

type Messages = Record<string, unknown>

const parts = import.meta.glob<{ default: Messages }>(['./en/*.json', '!./en/common.json'])
const loaded = new Set<string>(['common'])

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en: { common } },
})

/** Loads the text of these parts; `risk` gives `t('risk.…')`. */
export async function loadText(names: readonly string[]): Promise<void> {
  await Promise.all(
    names
      .filter((name) => !loaded.has(name))
      .map(async (name) => {
        const part = parts[`./en/${name}.json`]
        if (part === undefined) throw new Error(`no text for ${name}`)
        i18n.global.mergeLocaleMessage('en', { [name]: (await part()).default })
        loaded.add(name)
      }),
  )
}
