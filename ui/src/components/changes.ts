/** Documents compared field by field, as the API tells changes: `take_profit.levels.0.profit`. Pure. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
export type JsonObject = { [name: string]: Json }

export interface Change {
  path: string
  /** Undefined where there was none. */
  before: Json | undefined
  after: Json | undefined
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Every field that has no fields of its own, by path; an empty list, or one of bare values, is one field. */
export function leaves(values: JsonObject): Map<string, Json> {
  const found = new Map<string, Json>()
  for (const [name, value] of Object.entries(values)) below(found, name, value)
  return found
}

/** What must change for `before` to become `after`, in the order of the paths. */
export function diff(before: JsonObject, after: JsonObject, same: (one: unknown, other: unknown) => boolean = sameJson): Change[] {
  const [old, fresh] = [leaves(before), leaves(after)]
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((path) => !same(old.get(path), fresh.get(path)) || old.has(path) !== fresh.has(path))
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
    .map((path) => ({ path, before: old.get(path), after: fresh.get(path) }))
}

function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function below(found: Map<string, Json>, path: string, value: Json): void {
  const isParted = isObject(value) ? Object.keys(value).length > 0 : Array.isArray(value) && value.some(isObject)
  if (!isParted) found.set(path, value)
  else for (const [name, one] of Object.entries(value as object)) below(found, `${path}.${name}`, one as Json)
}
