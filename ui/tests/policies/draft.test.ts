import { describe, expect, it } from 'vitest'
import { nextTick, ref } from 'vue'

import type { PolicyResponse } from '@/api/generated'
import type { JsonObject } from '@/components/changes'
import { at, parse, print, withAt } from '@/features/policies/draft'
import { useDraft, withoutNulls } from '@/features/policies/useDraft'

const DOCUMENT: JsonObject = { hard_stop: { distance: '0.05' }, take_profit: { levels: [{ profit: '0.02', fraction: '0.5' }, { profit: '0.05' }] } }

function version(number: number, document: PolicyResponse['document'], kind = 'default'): PolicyResponse {
  return { kind, user_id: 'user-a', bot_id: null, version: number, document, by: null, by_name: null, reason: '', at: null, reverted_from: null }
}

describe('values at paths', () => {
  it('are read through objects and lists', () => {
    expect(at(DOCUMENT, ['take_profit', 'levels', '1', 'profit'])).toBe('0.05')
    expect(at(DOCUMENT, ['take_profit', 'levels', '7', 'profit'])).toBeUndefined()
    expect(at(DOCUMENT, ['hard_stop', 'distance', 'deeper'])).toBeUndefined()
  })

  it('are changed without touching what was before', () => {
    const next = withAt(DOCUMENT, ['take_profit', 'levels', '0', 'profit'], '0.03')
    expect(at(next, ['take_profit', 'levels', '0'])).toEqual({ profit: '0.03', fraction: '0.5' })
    expect(at(DOCUMENT, ['take_profit', 'levels', '0', 'profit'])).toBe('0.02')
    expect(withAt({}, ['limits', 'cool_down', 'losses'], 3)).toEqual({ limits: { cool_down: { losses: 3 } } })
  })

  it('are taken away, entries of lists too', () => {
    expect(withAt(DOCUMENT, ['hard_stop'], undefined)).toEqual({ take_profit: DOCUMENT.take_profit })
    expect(withAt(DOCUMENT, ['take_profit', 'levels', '0'], undefined)).toEqual({ ...DOCUMENT, take_profit: { levels: [{ profit: '0.05' }] } })
  })
})

describe('text', () => {
  it('is the document again', () => {
    expect(parse(print(DOCUMENT))).toEqual({ document: DOCUMENT })
  })

  it('must be an object', () => {
    expect(parse('[]')).toHaveProperty('message')
    expect(parse('{"a": ')).toHaveProperty('message')
  })
})

describe('a draft', () => {
  it('follows in the form what is written as text, and the other way round', () => {
    const draft = useDraft(ref(version(1, { hard_stop: { distance: '0.05' } })))
    expect(draft.isDirty.value).toBe(false)
    draft.setText('{"hard_stop": {"distance": "0.1"}}')
    expect(draft.document.value).toEqual({ hard_stop: { distance: '0.1' } })
    expect(draft.changes.value).toEqual([{ path: 'hard_stop.distance', before: '0.05', after: '0.1' }])
    draft.setDocument({ hard_stop: { distance: '0.2' } })
    expect(JSON.parse(draft.text.value)).toEqual({ hard_stop: { distance: '0.2' } })
  })

  it('keeps the form while the text is broken, and is not lost by it', () => {
    const draft = useDraft(ref(version(1, { hard_stop: { distance: '0.05' } })))
    draft.setText('{"hard_stop": ')
    expect(draft.broken.value).not.toBeNull()
    expect(draft.isDirty.value).toBe(true)
    expect(draft.document.value).toEqual({ hard_stop: { distance: '0.05' } })
    draft.setText('{}')
    expect(draft.broken.value).toBeNull()
  })

  it('is kept when somebody else writes, and goes on from his version or begins anew', async () => {
    const inForce = ref(version(1, { hard_stop: { distance: '0.05' } }))
    const draft = useDraft(inForce)
    draft.setDocument({ hard_stop: { distance: '0.1' } })
    inForce.value = version(2, { hard_stop: { distance: '0.2' } })
    await nextTick()
    expect(draft.isBehind.value).toBe(true)
    expect(draft.document.value).toEqual({ hard_stop: { distance: '0.1' } })
    draft.rebase()
    expect(draft.isBehind.value).toBe(false)
    expect(draft.changes.value).toEqual([{ path: 'hard_stop.distance', before: '0.2', after: '0.1' }])
    draft.discard()
    expect(draft.document.value).toEqual({ hard_stop: { distance: '0.2' } })
  })

  it('that was put in force is not behind while its own version is on its way here', () => {
    const draft = useDraft(ref(version(1, {})))
    draft.setDocument({ hard_stop: { distance: '0.1' } })
    draft.load(version(2, { hard_stop: { distance: '0.1' } }))
    expect(draft.isBehind.value).toBe(false)
    expect(draft.isDirty.value).toBe(false)
  })

  it('without changes takes what somebody else wrote', async () => {
    const inForce = ref(version(1, {}))
    const draft = useDraft(inForce)
    inForce.value = version(2, { hard_stop: { distance: '0.2' } })
    await nextTick()
    expect(draft.base.value?.version).toBe(2)
    expect(draft.document.value).toEqual({ hard_stop: { distance: '0.2' } })
  })

  it('of a bot tells what is off from what is inherited; others do not', () => {
    const own = useDraft(ref(version(1, {}, 'override')))
    own.setDocument({ hard_stop: null })
    expect(own.changes.value).toEqual([{ path: 'hard_stop', before: undefined, after: null }])
    const all = useDraft(ref(version(1, {})))
    all.setDocument({ hard_stop: null, loss_limits: [] })
    expect(all.isDirty.value).toBe(false)
  })
})

describe('nulls', () => {
  it('are left out at any depth', () => {
    expect(withoutNulls({ a: null, b: { c: null, d: 1 }, e: [{ f: null, g: 0 }], h: [] })).toEqual({ b: { d: 1 }, e: [{ g: 0 }] })
  })
})
