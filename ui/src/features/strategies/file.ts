/** As the API takes sources: `pool.rules.strategy_source.SOURCE_BYTES`. */
const MOST_BYTES = 262_144

/** A file's text; what is wrong with it is a key of the catalogue. */
export async function sourceOf(file: File): Promise<{ source: string } | { problem: 'name' | 'size' | 'text' }> {
  if (!/\.py$/i.test(file.name)) return { problem: 'name' }
  if (file.size > MOST_BYTES) return { problem: 'size' }
  try {
    const source = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
    return source.includes('\0') ? { problem: 'text' } : { source: source.replaceAll('\r\n', '\n') }
  } catch {
    return { problem: 'text' }
  }
}

/** What a strategy may be called by its file's name. */
export function nameOf(file: string): string {
  return file.replace(/\.py$/i, '').slice(0, 64)
}
