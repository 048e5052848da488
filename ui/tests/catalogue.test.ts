import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

const SOURCES = join(import.meta.dirname, '../src')
const TEXT = join(SOURCES, 'locales/en')

function files(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? (entry.name === 'generated' ? [] : files(join(directory, entry.name))) : [join(directory, entry.name)],
  )
}

function keys(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, inner]) => keys(inner, path ? `${path}.${name}` : name))
}

const catalogue = new Set(readdirSync(TEXT).flatMap((file) => keys(JSON.parse(readFileSync(join(TEXT, file), 'utf8')), file.replace('.json', ''))))
const used = files(SOURCES)
  .filter((file) => /\.(vue|ts)$/.test(file))
  .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/(?:\bt|\$t)\(\s*'([\w.-]+)'/g)].map((found) => ({ file, key: found[1]! })))

describe('the catalogue', () => {
  it('has every text that is asked for by name', () => {
    expect(used.length).toBeGreaterThan(50)
    expect(used.filter(({ key }) => !catalogue.has(key)).map(({ file, key }) => `${file.slice(SOURCES.length)}: ${key}`)).toEqual([])
  })
})
