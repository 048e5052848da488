/**
 * What of JSON schema (2020-12) parameters of templates use, as fields of a form. The API judges what is sent; what a
 * person can be told before is told here.
 */
import { asProblem } from '@/api/problem'

export type FieldKind = 'number' | 'integer' | 'boolean' | 'text' | 'choice'

export interface SchemaField {
  name: string
  title: string
  description: string
  kind: FieldKind
  /** Of `choice` alone. */
  choices: (string | number | boolean)[]
  minimum: number | null
  maximum: number | null
  exclusive: { minimum: boolean; maximum: boolean }
  maxLength: number | null
  default: unknown
}

/** What is wrong with a value: a key below `common.form`, and what the sentence is about. */
export interface Fault {
  key: 'missing' | 'number' | 'integer' | 'least' | 'most' | 'above' | 'below' | 'choice' | 'long'
  limit?: number
}

type Node = Record<string, unknown>

const asNode = (value: unknown): Node => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : {})
const asNumber = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Its properties as fields, in the order of the schema. A kind that forms do not know is left to the text editor. */
export function fieldsOf(schema: unknown): SchemaField[] {
  return Object.entries(asNode(asNode(schema).properties)).flatMap(([name, told]) => {
    const node = asNode(told)
    const kind = kindOf(node)
    return kind === null ? [] : [{ ...limitsOf(node), name, kind, title: asText(node.title) || name, description: asText(node.description), choices: choicesOf(node), default: node.default }]
  })
}

function limitsOf(node: Node): Pick<SchemaField, 'minimum' | 'maximum' | 'exclusive' | 'maxLength'> {
  const above = asNumber(node.exclusiveMinimum)
  const below = asNumber(node.exclusiveMaximum)
  return {
    minimum: above ?? asNumber(node.minimum),
    maximum: below ?? asNumber(node.maximum),
    exclusive: { minimum: above !== null, maximum: below !== null },
    maxLength: asNumber(node.maxLength),
  }
}

function choicesOf(node: Node): SchemaField['choices'] {
  const told = Array.isArray(node.enum) ? (node.enum as unknown[]) : []
  return told.filter((one): one is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof one))
}

function kindOf(node: Node): FieldKind | null {
  if (choicesOf(node).length > 0) return 'choice'
  if (node.type === 'string') return 'text'
  return node.type === 'number' || node.type === 'integer' || node.type === 'boolean' ? node.type : null
}

/** The values that a form begins with: those given, else the defaults. */
export function startValues(fields: SchemaField[], given: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.name, given[field.name] ?? field.default]))
}

export function faultOf(field: SchemaField, value: unknown): Fault | null {
  if (value === undefined || value === null || value === '') return field.default === undefined || field.kind !== 'text' ? { key: 'missing' } : null
  if (field.kind === 'choice') return field.choices.includes(value as string) ? null : { key: 'choice' }
  if (field.kind === 'text') return field.maxLength !== null && String(value).length > field.maxLength ? { key: 'long', limit: field.maxLength } : null
  if (field.kind === 'boolean') return null
  if (typeof value !== 'number' || !Number.isFinite(value)) return { key: 'number' }
  if (field.kind === 'integer' && !Number.isInteger(value)) return { key: 'integer' }
  return outside(field, value)
}

function outside(field: SchemaField, value: number): Fault | null {
  const { minimum, maximum, exclusive } = field
  if (minimum !== null && (value < minimum || (exclusive.minimum && value === minimum)))
    return { key: exclusive.minimum ? 'above' : 'least', limit: minimum }
  if (maximum !== null && (value > maximum || (exclusive.maximum && value === maximum)))
    return { key: exclusive.maximum ? 'below' : 'most', limit: maximum }
  return null
}

/** Whether every field has a value that it may have. */
export function isComplete(fields: SchemaField[], values: Record<string, unknown>): boolean {
  return fields.every((field) => faultOf(field, values[field.name]) === null)
}

/** Those values that differ from `before`. */
export function changedValues(before: Record<string, unknown>, after: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])))
}

/** What a refusal says of one of the fields below `prefix`, by the field's name; empty where it is about none. */
export function errorsOf(error: unknown, prefix = 'parameters'): Record<string, string> {
  if (error === null || error === undefined) return {}
  const problem = asProblem(error)
  const path = problem.field ?? ''
  return path.startsWith(`${prefix}.`) ? { [path.slice(prefix.length + 1)]: problem.message } : {}
}
