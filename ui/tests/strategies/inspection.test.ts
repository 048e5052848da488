import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'

import type { InspectionResponse } from '@/api/generated'
import { isClassName, useInspection } from '@/features/strategies/inspection'

type Ask = { source: string; class_name: string | null; signal: AbortSignal; answer: (report: InspectionResponse) => void; fail: (error: unknown) => void }
const asked: Ask[] = []
vi.mock('@/api/generated', () => ({
  inspectStrategy: ({ body, signal }: { body: { source: string; class_name: string | null }; signal: AbortSignal }) =>
    new Promise((answer, fail) => asked.push({ ...body, signal, answer, fail })),
}))
const report = (passed: boolean): InspectionResponse => ({ passed, class_name: 'Mine', findings: [] })

describe('useInspection', () => {
  let scope: EffectScope
  beforeEach(() => {
    vi.useFakeTimers()
    asked.length = 0
    scope = effectScope()
  })
  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
  })
  function begin(isWanted = true) {
    const [source, className, wanted] = [ref('a'), ref(''), ref(isWanted)]
    return { source, className, wanted, ...scope.run(() => useInspection(source, className, () => wanted.value))! }
  }

  it('asks once for what was written in one go', async () => {
    const { source, isPending, isCurrent } = begin()
    source.value = 'ab'
    await nextTick()
    source.value = 'abc'
    await nextTick()
    expect([isPending.value, asked]).toEqual([true, []])
    await vi.runAllTimersAsync()
    expect(asked.map((one) => one.source)).toEqual(['abc'])
    asked[0]!.answer(report(true))
    await vi.runAllTimersAsync()
    expect([isPending.value, isCurrent.value]).toEqual([false, true])
  })

  it('takes no answer to what was changed meanwhile for one to what there is', async () => {
    const { source, report: found, isCurrent } = begin()
    await vi.runAllTimersAsync()
    source.value = 'b'
    await nextTick()
    expect(asked[0]!.signal.aborted).toBe(true)
    await vi.runAllTimersAsync()
    asked[1]!.answer(report(false))
    await vi.runAllTimersAsync()
    asked[0]!.answer(report(true))
    await vi.runAllTimersAsync()
    expect([found.value?.passed, isCurrent.value]).toEqual([false, true])
    source.value = 'c'
    await nextTick()
    expect(isCurrent.value).toBe(false)
  })

  it('says why there is no answer, and forgets that with the next one', async () => {
    const { error, isPending, ask } = begin()
    await vi.runAllTimersAsync()
    asked[0]!.fail(new Error('busy'))
    await vi.runAllTimersAsync()
    expect([(error.value as Error).message, isPending.value]).toEqual(['busy', false])
    void ask()
    asked[1]!.answer(report(true))
    await vi.runAllTimersAsync()
    expect(error.value).toBeNull()
  })

  it('asks for nothing that is not wanted, nor with what no class can be called', async () => {
    const { className, wanted } = begin(false)
    await vi.runAllTimersAsync()
    className.value = '9 x'
    wanted.value = true
    await vi.runAllTimersAsync()
    expect(asked).toEqual([])
    className.value = 'Mine'
    await vi.runAllTimersAsync()
    expect(asked.map((one) => one.class_name)).toEqual(['Mine'])
    expect(['Mine', '_x9', '9x', 'a b', ''].map(isClassName)).toEqual([true, true, false, false, false])
  })
})
