import { python as libraryPython } from '@codemirror/lang-python'
import { EditorState } from '@codemirror/state'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { python } from '@/features/strategies/python'

type Source = (context: unknown) => { options: readonly unknown[] } | null

/** How many words are offered at `|`. */
function offered(written: string, language = python()): number {
  const at = written.indexOf('|')
  const state = EditorState.create({ doc: written.replace('|', ''), extensions: [language] })
  const context = { state, pos: at, explicit: false, matchBefore: (word: RegExp) => matchBefore(state, at, word), aborted: false }
  const sources = state.languageDataAt<Source>('autocomplete', at)
  expect(sources.length).toBeGreaterThan(0)
  return sources.reduce((sum, source) => sum + (source(context)?.options.length ?? 0), 0)
}

function matchBefore(state: EditorState, at: number, word: RegExp) {
  const line = state.doc.lineAt(at)
  const found = new RegExp(`(?:${word.source})$`).exec(line.text.slice(0, at - line.from))
  return found === null ? null : { from: at - found[0].length, to: at, text: found[0] }
}

const LONG = 'stop = 0.1\n'.repeat(2_000)

describe('words that the editor offers', () => {
  beforeEach(() => void vi.useFakeTimers()) // time stands: what is read in how much of it is the machine's
  afterEach(() => void vi.useRealTimers())

  it('are those of Python and of the source', () => {
    expect(offered('imp|')).toBeGreaterThan(20)
    expect(offered("def one():\n    there = 1\n    x = f'{th|}'\n")).toBeGreaterThan(0)
  })

  it.each(['# imp|', 'x = 1  # imp|\n', "x = 'imp|'", "x = f'a imp|'", '"""Doc\n\nimp|\n"""\n'])('are none in %j', (written) => {
    expect(offered(written)).toBe(0)
  })

  it.each(['# imp|\n', '"""Doc\nimp|\n"""\n'])('are none in %j at the end of a long source, which is not read as far yet', (written) => {
    expect(offered(LONG + written)).toBe(0)
    expect(offered(LONG + written, libraryPython())).toBeGreaterThan(0) // what this is here for
  })
})
