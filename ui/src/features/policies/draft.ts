/** A document being edited: values at paths, changed without touching the one before. Pure. */
import { isObject, type Json, type JsonObject } from '@/components/changes'

export type Path = readonly string[]

/** The value at the path; undefined where there is none. */
export function at(document: Json | undefined, path: Path): Json | undefined {
  let value: Json | undefined = document
  for (const name of path) {
    if (Array.isArray(value)) value = value[Number(name)]
    else if (isObject(value)) value = value[name]
    else return undefined
  }
  return value
}

/** The document with `value` at the path; undefined takes the field, or the entry of a list, away. */
export function withAt(document: Json | undefined, path: Path, value: Json | undefined): Json {
  const [name, ...rest] = path
  if (name === undefined) return value ?? {}
  if (Array.isArray(document)) {
    const place = Number(name)
    if (rest.length === 0 && value === undefined) return document.filter((_, number) => number !== place)
    return document.map((one, number) => (number === place ? withAt(one, rest, value) : one))
  }
  const fields: JsonObject = isObject(document) ? { ...document } : {}
  if (rest.length > 0) fields[name] = withAt(fields[name], rest, value)
  else if (value === undefined) delete fields[name]
  else fields[name] = value
  return fields
}

/** What is wrong with the text of a document, or the document. A document is an object. */
export function parse(text: string): { document: JsonObject } | { message: string } {
  try {
    const found = JSON.parse(text) as Json
    return isObject(found) ? { document: found } : { message: '{ … }' }
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) }
  }
}

export function print(document: JsonObject): string {
  return `${JSON.stringify(document, null, 2)}\n`
}
