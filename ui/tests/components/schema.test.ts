import { describe, expect, it } from 'vitest'

import { Problem } from '@/api/problem'
import { changedValues, errorsOf, faultOf, fieldsOf, isComplete, startValues, type SchemaField } from '@/components/schema'

const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  properties: {
    length: { title: 'Length', description: 'Candles.', type: 'integer', minimum: 5, maximum: 100, default: 20 },
    stoploss: { type: 'number', exclusiveMaximum: 0, minimum: -0.5, default: -0.02 },
    trailing: { type: 'boolean', default: false },
    side: { enum: ['long', 'short'], default: 'long' },
    note: { type: 'string', maxLength: 3, default: '' },
    nested: { type: 'object' },
  },
}
const fields = fieldsOf(SCHEMA)
const field = (name: string): SchemaField => fields.find((one) => one.name === name)!

describe('fields of a schema', () => {
  it('keeps the order, and leaves out what a form cannot ask for', () => {
    expect(fields.map((one) => [one.name, one.kind])).toEqual([
      ['length', 'integer'], ['stoploss', 'number'], ['trailing', 'boolean'], ['side', 'choice'], ['note', 'text'],
    ])
    expect(field('length')).toMatchObject({ title: 'Length', description: 'Candles.', minimum: 5, maximum: 100, default: 20 })
    expect(field('stoploss').title).toBe('stoploss')
  })

  it('asks for nothing where there is no schema', () => {
    expect(fieldsOf(null)).toEqual([])
    expect(fieldsOf({ properties: [] })).toEqual([])
  })

  it('begins with what is given, zero and false included', () => {
    expect(startValues(fields, { length: 7, stoploss: 0, trailing: false })).toEqual({ length: 7, stoploss: 0, trailing: false, side: 'long', note: '' })
  })
})

describe('what is wrong with a value', () => {
  it.each([
    ['length', 5, null], ['length', 4, { key: 'least', limit: 5 }], ['length', 101, { key: 'most', limit: 100 }],
    ['length', 5.5, { key: 'integer' }], ['length', NaN, { key: 'number' }], ['length', undefined, { key: 'missing' }],
    ['stoploss', -0.5, null], ['stoploss', 0, { key: 'below', limit: 0 }], ['stoploss', -0.51, { key: 'least', limit: -0.5 }],
    ['trailing', false, null], ['side', 'short', null], ['side', 'both', { key: 'choice' }],
    ['note', '', null], ['note', 'abcd', { key: 'long', limit: 3 }],
  ])('%s of %s', (name, value, fault) => {
    expect(faultOf(field(name), value)).toEqual(fault)
  })

  it('is complete only when every field is right', () => {
    const values = startValues(fields)
    expect(isComplete(fields, values)).toBe(true)
    expect(isComplete(fields, { ...values, length: 0 })).toBe(false)
  })
})

it('sends only what changed', () => {
  expect(changedValues({ length: 20, stoploss: -0.02 }, { length: 20, stoploss: -0.03 })).toEqual({ stoploss: -0.03 })
})

it('puts a refusal at its field, and at none where it is about another', () => {
  const refused = (at: string) => new Problem(422, 'invalid_spec', 'Invalid request', 'Too short.', { field: at })
  expect(errorsOf(refused('parameters.length'))).toEqual({ length: 'Too short.' })
  expect(errorsOf(refused('stake_amount'))).toEqual({})
  expect(errorsOf(null)).toEqual({})
})
