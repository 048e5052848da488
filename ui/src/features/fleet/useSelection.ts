import { type Ref, shallowRef } from 'vue'

/** Which bots are selected; with a range (shift) all between the last one and this. */
export function useSelection(shown: Ref<readonly { id: string }[]>) {
  const picked = shallowRef<ReadonlySet<string>>(new Set())
  let last: string | null = null

  function pick(id: string, range: boolean): void {
    const next = new Set(picked.value)
    const ids = shown.value.map((row) => row.id)
    const [from, to] = [last === null ? -1 : ids.indexOf(last), ids.indexOf(id)]
    if (range && from >= 0 && to >= 0) ids.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((one) => next.add(one))
    else if (!next.delete(id)) next.add(id)
    last = id
    picked.value = next
  }

  /** All that are shown; none where all of them are. */
  function pickAll(): void {
    const ids = shown.value.map(({ id }) => id)
    picked.value = ids.every((id) => picked.value.has(id)) ? new Set() : new Set(ids)
  }

  function keep(holds: (id: string) => boolean): void {
    const kept = [...picked.value].filter(holds)
    if (kept.length !== picked.value.size) picked.value = new Set(kept)
  }

  return { picked, pick, pickAll, keep, clear: () => keep(() => false), drop: (ids: readonly string[]) => keep((id) => !ids.includes(id)) }
}
