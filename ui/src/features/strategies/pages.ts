interface Page<T> {
  items: T[]
  next: string | null
}

/** Everything of a list, page by page. */
export async function allOf<T>(ask: (after: string | null) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = []
  let after: string | null = null
  do {
    const page: Page<T> = await ask(after)
    all.push(...page.items)
    after = page.next
  } while (after !== null)
  return all
}
