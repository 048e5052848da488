/** Python for the editor. Import it where the editor is loaded. */
import { globalCompletion, localCompletionSource, pythonLanguage } from '@codemirror/lang-python'
import { ensureSyntaxTree, LanguageSupport } from '@codemirror/language'

type Source = typeof localCompletionSource

const MOST_MS = 50
const PROSE: ReadonlySet<string> = new Set(['Comment', 'String', 'FormatString'])

/** Words are offered in code alone: where a long source is not read as far as that yet, it is read first, or none are. */
function inCode(source: Source): Source {
  return (context) => {
    const inner = ensureSyntaxTree(context.state, context.pos, MOST_MS)?.resolveInner(context.pos, -1)
    return inner === undefined || PROSE.has(inner.name) ? null : source(context)
  }
}

export function python(): LanguageSupport {
  return new LanguageSupport(
    pythonLanguage,
    [localCompletionSource, globalCompletion as Source].map((source) => pythonLanguage.data.of({ autocomplete: inCode(source) })),
  )
}
